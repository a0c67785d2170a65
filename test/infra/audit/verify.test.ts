/**
 * `npm run verify-audit` over a running shop: proves its days, and names what somebody with the keys has done to them.
 * The first test runs the command itself, the others what it runs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyAudit } from '../../../infra/audit/command.ts'
import { falsify, nightFalls, seal, sealsOf, send, today, tradeADay, verify } from '../../functions/operations/audit-trail.ts'
import { openGround, type Ground } from '../../functions/purchase.ts'
import { leafHash, rootFrom } from '#domain/merkle.ts'
import { canonicalEvent } from '#domain/audit-seal.ts'
import type { Json } from '../../functions/shop.ts'

let ground: Ground
let days: [string, string]
let rows: Json[]
beforeAll(async () => {
  ground = await openGround()
  days = [today(ground), today(ground, 1)]
  for (const _ of days) {
    await tradeADay(ground)
    await send(ground)
    await nightFalls(ground)
    await seal(ground)
  }
  await send(ground)
  rows = (await ground.shop.cloud.rows('audit', 'events_log')) as Json[]
})
afterAll(() => ground.shop.cloud.stop())

/** As `verify`, in this process. */
async function proved(...options: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = []
  try {
    const isWell = await verifyAudit(['--url', ground.shop.cloud.url, ...options], (line) => void lines.push(line))
    return { code: isWell ? 0 : 1, lines }
  } catch (error) {
    return { code: 1, lines: [...lines, (error as Error).message] }
  }
}

const eventsOf = (day: string): Json[] => rows.filter((row) => String(row['created_at']).startsWith(day))
const lineOf = (day: string, state: string, events: number): unknown =>
  expect.stringMatching(new RegExp(`^${day} ${state} ${events} events root [0-9a-f]{64} seal ${sealsOf(ground.shop).get(day)?.['hash']}$`))

describe('does', () => {
  test('print a line for each day that is as it was sealed', async () => {
    expect(await verify(ground)).toEqual({ code: 0, lines: [lineOf(days[0], 'ok', 5), lineOf(days[1], 'ok', 5)] })
  })

  test('prove one day against a seal that was noted down', async () => {
    const trusted = sealsOf(ground.shop).get(days[1])?.['hash']
    expect(await proved('--day', days[0], '--trust', trusted)).toEqual({ code: 0, lines: [lineOf(days[0], 'ok', 5)] })
    const other = 'f'.repeat(64)
    const { code, lines } = await proved('--day', days[0], '--trust', other)
    expect([code, lines.at(-1)]).toEqual([1, `SEALS REPLACED: none of them is ${other}`])
  })

  test('prove that the shop itself has sealed them, by a key that was noted down', async () => {
    const { body } = await (await ground.shop.person('viewer')).get('/api/admin/audit/seals')
    const [{ publicKey }] = body['keys']
    expect(await proved('--day', days[0], '--key', publicKey)).toEqual({ code: 0, lines: [lineOf(days[0], 'ok', 5)] })
    const other = Buffer.alloc(32, 7).toString('base64url')
    const { code, lines } = await proved('--day', days[0], '--key', other)
    expect([code, lines.filter((line) => line.includes('SIGNATURE UNKNOWN')).length]).toEqual([1, 2])
    expect((await proved('--day', days[0], '--key', other, '--key', publicKey)).code).toBe(0)
  })

  test('print the proof that an event is in its day\'s seal, which needs nothing but the event itself', async () => {
    const event = eventsOf(days[0])[2] as Json
    const { code, lines } = await proved('--day', days[0], '--event', event['id'])
    const { leaf, index, size, proof, root } = JSON.parse(lines.join('\n')) as { leaf: string; index: number; size: number; proof: string[]; root: string }
    expect([code, root, leaf]).toEqual([0, sealsOf(ground.shop).get(days[0])?.['root'], leafHash(canonicalEvent(event))])
    expect(rootFrom({ leaf, index, size, proof })).toBe(root)
  })
})

describe('refuses', () => {
  test.each([
    [['--day', 'monday'], '--day is a date'], [['--day', '2020-01-01'], '2020-01-01 is not sealed'], [['--event', 'x'], 'of which day'],
  ])('what it cannot answer: %j', async (options, sentence) => {
    const { code, lines } = await proved(...options)
    expect([code, lines.join(' ')]).toEqual([1, expect.stringContaining(sentence)])
  })

  test('events that were altered, removed and added in the warehouse, by their names', async () => {
    const [altered, removed] = eventsOf(days[1]) as [Json, Json]
    const added = { ...altered, id: 'never-happened', who: 'admin mallory' }
    await falsify(ground, 'events_log', (all) => [
      ...all.filter(({ id }) => id !== removed['id']).map((row) => (row['id'] === altered['id'] ? { ...row, who: 'somebody else' } : row)), added,
    ])
    expect(await proved()).toEqual({
      code: 1,
      lines: [
        lineOf(days[0], 'ok', 5), expect.stringMatching(`^${days[1]} DIFFERS 5 events root`),
        `  ALTERED: event ${altered['id']}`, `  MISSING: event ${removed['id']}`, '  ADDED: event never-happened',
      ],
    })
    await falsify(ground, 'events_log', () => rows)
    expect((await proved()).code).toBe(0)
  })

  test('a seal that was replaced in the shop\'s own store', async () => {
    const honest = sealsOf(ground.shop).get(days[0]) as Json
    const { firestore } = ground.shop.cloud.servers
    await firestore.write([{ path: `audit_seals/${days[0]}`, data: { ...honest, root: 'f'.repeat(64) } }])
    const { code, lines } = await proved()
    expect([code, lines.slice(0, 2)]).toEqual([1, [expect.stringContaining(`${days[0]} DIFFERS`), expect.stringContaining('SEAL ALTERED')]])
    await firestore.write([{ path: `audit_seals/${days[0]}`, data: honest }])
  })

  test('a seal that was replaced in the warehouse', async () => {
    const seals = (await ground.shop.cloud.rows('audit', 'seals_log')) as Json[]
    await falsify(ground, 'seals_log', (all) => all.map((row) => (row['id'] === days[0] ? { ...row, seal_hash: 'f'.repeat(64) } : row)))
    const { code, lines } = await proved()
    expect([code, lines[1]]).toEqual([1, `  SEAL DIFFERS: the warehouse holds ${'f'.repeat(64)} for this day`])
    await falsify(ground, 'seals_log', () => seals)
  })
})
