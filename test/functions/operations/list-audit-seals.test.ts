/** Staff see every seal, and can note the latest down. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isSignedBy, keyIdOf } from '#domain/audit-seal.ts'
import { openGround, type Ground } from '../purchase.ts'
import type { Person } from '../shop.ts'
import { nightFalls, seal, sealsOf, send, today, tradeADay } from './audit-trail.ts'

let ground: Ground
let clerk: Person
let first: string
beforeAll(async () => {
  ground = await openGround()
  first = today(ground)
  await tradeADay(ground)
  await send(ground)
  await nightFalls(ground, 3)
  await seal(ground)
  clerk = await ground.shop.person('viewer')
})
afterAll(() => ground.shop.cloud.stop())

const PATH = '/api/admin/audit/seals'

describe('does', () => {
  test('list the seals, the newest first, each with what it hangs on', async () => {
    const { status, body } = await clerk.get(PATH)
    expect([status, body['nextCursor']]).toEqual([200, null])
    expect(body['seals'].map(({ day, events, hash }: { day: string; events: number; hash: string }) => [day, events, hash])).toEqual(
      [2, 1, 0].map((days) => sealsOf(ground.shop).get(new Date(Date.parse(first) + days * 86_400_000).toISOString().slice(0, 10))).map((one) => [one?.['day'], one?.['events'], one?.['hash']]),
    )
    expect(body['seals'][0]).toMatchObject({ previous: body['seals'][1].hash, root: expect.any(String), late: 0, sealedAt: expect.stringMatching(/Z$/) })
  })

  test('offer the public key that they are signed with', async () => {
    const { body } = await clerk.get(PATH)
    const [key, ...others] = body['keys']
    expect([key, others]).toEqual([{ id: keyIdOf(key.publicKey), publicKey: expect.any(String), since: expect.stringMatching(/Z$/) }, []])
    for (const seal of body['seals']) {
      expect([seal.keyId, isSignedBy(seal, seal.signature, key.publicKey)]).toEqual([key.id, true])
      expect(isSignedBy({ hash: seal.hash.replace(/^./, 'x') }, seal.signature, key.publicKey)).toBe(false)
    }
  })

  test('list them page by page', async () => {
    const page = (await clerk.get(`${PATH}?limit=2`)).body
    const rest = (await clerk.get(`${PATH}?limit=2&cursor=${page['nextCursor']}`)).body
    expect([page['seals'].length, rest['seals'].length, rest['nextCursor']]).toEqual([2, 1, null])
    expect(rest['seals'][0].day).toBe(first)
  })
})

describe('refuses', () => {
  test.each(['cursor=yesterday', 'limit=0', 'limit=101', 'order=asc'])('%s', async (query) => {
    expect((await clerk.get(`${PATH}?${query}`)).body).toMatchObject({ code: 'INVALID_INPUT' })
  })
})
