/** How far a replay has come, and what of it was refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Inbox } from '../inbox.ts'
import { openShop, type Json, type Shop } from '../shop.ts'

const PATH = '/api/admin/dead-letters/replays'

let shop: Shop
let replay: Json
let unknown: string[]
beforeAll(async () => {
  shop = await openShop()
  // Nobody works for their vendor: what is shown is the replay, not what its events do.
  const dead = await new Inbox(shop, 'ord_1').layDead({ vendor: 'nobody' }, 590)
  unknown = Array.from({ length: 10 }, (_, n) => `stripe-evt_none${n}`)
  // The first batch refuses none, the second some, the third none, the fourth some.
  const ids = [...dead.slice(0, 250), ...unknown.slice(0, 4), ...dead.slice(250), ...unknown.slice(4)]
  const { body } = await (await shop.person('admin')).post('/api/admin/dead-letters/replay', { ids, reason: 'Outage is over' })
  replay = body['replay']
  await shop.cloud.drain()
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('tell how far it is: at first, and when it is done', async () => {
    expect(replay).toMatchObject({ state: 'running', accepted: 600, replayed: 200, refused: 0, finishedAt: null })
    const { status, body } = await (await shop.person('viewer')).get(`${PATH}/${replay['id']}`)
    expect([status, body['replay']]).toEqual([200, { ...replay, state: 'done', replayed: 590, refused: 10, finishedAt: expect.stringMatching(/Z$/) }])
  })

  test('name every event that it refused, a page at a time', async () => {
    const support = await shop.person('support')
    const pages: Json[][] = []
    for (let cursor = ''; ; ) {
      const { body } = await support.get(`${PATH}/${replay['id']}${cursor}`)
      pages.push(body['refused'])
      if (body['nextCursor'] === null) break
      cursor = `?cursor=${body['nextCursor']}`
    }
    expect(pages.map(({ length }) => length)).toEqual([4, 6])
    expect(pages.flat()).toEqual(unknown.map((id) => ({ id, reason: 'unknown' })))
  })
})

describe('refuses', () => {
  test('a replay that is not there, and a cursor that is none', async () => {
    const viewer = await shop.person('viewer')
    expect(await viewer.get(`${PATH}/rpl_none`)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
    expect(await viewer.get(`${PATH}/${replay['id']}?cursor=x`)).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'cursor' }] } } })
  })

  test('everybody but staff', async () => {
    const others = [await shop.person('customer'), await shop.person('scanner'), shop.guest()]
    expect((await Promise.all(others.map((who) => who.get(`${PATH}/${replay['id']}`)))).map(({ status }) => status)).toEqual([403, 403, 401])
  })
})
