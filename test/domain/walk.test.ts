/** The rules of a walk: whatever dies, expires or comes late, all that changed is handed over, and the present is reached. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { advanced, closed, firstWalk, markOf, opened, restarted, type Met, type Pace, type Walk } from '#domain/walk.ts'
import { DAY_MS, MINUTE_MS } from '#values/time.ts'

const PACE: Pace = { historyMs: 730 * DAY_MS, windowMs: 30 * DAY_MS, overlapMs: 10 * MINUTE_MS }
const NOW = Date.parse('2026-11-30T12:00:00.000Z')
const PAGE = 3

/** A vendor's list: what changed when. A page is cut as vendors cut it, by what was handed out last. */
function pageOf(changes: readonly Met[], walk: Walk): { rows: Met[]; cursor: string | null } {
  const within = changes.filter(({ changedMs }) => changedMs >= walk.fromMs && changedMs < walk.toMs)
  const after = walk.cursor === null ? within : within.slice(within.findIndex(({ key }) => key === walk.cursor) + 1)
  const rows = after.slice(0, PAGE)
  return { rows, cursor: after.length > PAGE ? (rows.at(-1)?.key ?? null) : null }
}

/** What befalls each page: it goes well, the run dies before it is noted, or the vendor forgets its mark. */
type Fate = 'well' | 'dies' | 'forgets'

function walked(changes: readonly Met[], fates: readonly Fate[]): { walk: Walk; handed: Map<string, number> } {
  const handed = new Map<string, number>()
  let walk = firstWalk(NOW, PACE)
  for (let step = 0; (walk.caughtUpMs ?? 0) < NOW; step += 1) {
    if (step > 10_000) throw new Error('the walk never ends')
    const open = opened(walk, PACE, NOW)
    const { rows, cursor } = pageOf(changes, open)
    const fate = fates[step] ?? 'well'
    if (fate === 'forgets') {
      walk = restarted(open)
      continue
    }
    for (const row of rows.filter((one) => !open.seen.includes(markOf(one)))) handed.set(row.key, (handed.get(row.key) ?? 0) + 1)
    if (fate === 'dies') continue
    const moved = advanced(open, cursor, rows, PACE)
    walk = cursor === null ? closed(moved, PACE, NOW) : moved
  }
  return { walk, handed }
}

const changesOf = (ages: readonly number[]): Met[] =>
  [...ages].sort((one, other) => other - one).map((age, index) => ({ key: `p${index}`, changedMs: NOW - 1 - age }))

describe('does', () => {
  test('begin two years back, and never open a window beyond the present', () => {
    const walk = opened(firstWalk(NOW, PACE), PACE, NOW)
    expect(NOW - walk.fromMs).toBe(PACE.historyMs)
    expect(walk.toMs - walk.fromMs).toBe(PACE.windowMs)
    expect(opened({ ...walk, fromMs: NOW - MINUTE_MS, toMs: NOW - MINUTE_MS }, PACE, NOW).toMs).toBe(NOW)
  })

  test('keep an open window as it is: a mark belongs to the window that gave it', () => {
    const walk = { ...opened(firstWalk(NOW, PACE), PACE, NOW), cursor: 'here' }
    expect(opened(walk, PACE, NOW + DAY_MS)).toEqual(walk)
  })

  test('look back a little from where a window ended, and know again what it meets there', () => {
    const met = { key: 'p1', changedMs: NOW - MINUTE_MS }
    const open = opened({ ...firstWalk(NOW, PACE), fromMs: NOW - DAY_MS, toMs: NOW - DAY_MS }, PACE, NOW)
    const walk = closed(advanced(open, null, [met], PACE), PACE, NOW)
    expect([walk.fromMs, walk.reachedMs, walk.caughtUpMs]).toEqual([NOW - PACE.overlapMs, NOW, NOW])
    expect(walk.seen).toContain(markOf(met))
  })

  test('hand everything over, whenever it dies and whatever the vendor forgets', () => {
    const ages = fc.array(fc.integer({ min: 0, max: PACE.historyMs - 1 }), { maxLength: 60 })
    const fates = fc.array(fc.constantFrom<Fate>('well', 'well', 'well', 'dies', 'forgets'), { maxLength: 80 })
    fc.assert(fc.property(ages, fates, (given, befalls) => {
      const changes = changesOf(given)
      const { walk, handed } = walked(changes, befalls)
      expect([...handed.keys()].sort()).toEqual(changes.map(({ key }) => key).sort())
      expect(walk.reachedMs).toBe(NOW)
      if (!befalls.includes('dies')) expect([...handed.values()].every((times) => times === 1)).toBe(true)
    }), { numRuns: 200 })
  })
})

describe('refuses', () => {
  test('to remember without end', () => {
    const open = opened({ ...firstWalk(NOW, PACE), fromMs: NOW - MINUTE_MS, toMs: NOW - MINUTE_MS }, PACE, NOW)
    const met = Array.from({ length: 5_000 }, (_, index) => ({ key: `p${index}`, changedMs: NOW - 1 - (index % 1_000) }))
    expect(advanced(open, null, met, PACE).seen.length).toBeLessThanOrEqual(300)
  })

  test('to begin a forgotten window after its end', () => {
    const open = opened({ ...firstWalk(NOW, PACE), fromMs: NOW - DAY_MS, toMs: NOW - DAY_MS }, PACE, NOW)
    const walk = restarted({ ...open, reachedMs: open.toMs, cursor: 'gone' })
    expect(walk).toMatchObject({ fromMs: open.toMs - 1, toMs: open.toMs, cursor: null })
  })
})
