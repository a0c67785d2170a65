/**
 * How a sync works: under a lease, page by page, so many rows in memory and no more, until it is at the present or its
 * time is over.
 *
 * Rows are handed over first and the walk moves on after it: whoever dies in between hands the same rows over once more
 * (they count once), and nobody ever loses one. A failure ends the run where it is; the next one goes on there.
 */
import { plus, NO_COUNTS, type SyncCounts, type SyncMode, type SyncRun } from '#domain/sync-run.ts'
import { advanced, closed, CursorExpired, firstWalk, markOf, opened, restarted, type Met, type Pace, type Walk } from '#domain/walk.ts'
import { Failure } from '#values/failure.ts'
import { log } from '#platform/log.ts'
import { redactText } from '#platform/redact.ts'
import { through } from '#stores/breakers.ts'
import { beginRun, endRun, saveRunProgress } from '#stores/syncs.ts'
import type { Run, Tally } from './schedule.ts'

/** Rows handed over at once. */
export const BATCH_ROWS = 1_000
/** For whoever brings two years in, thousands of rows at once: a million payments took 420 MB at most. */
export const SYNC_RESOURCES = { cpu: 1, memoryMib: 1024 } as const
/** A vendor that forgets its mark so often in a row, without anything handed over between, is not walked any further. */
const RESTARTS_MAX = 3

/** What a vendor said about one thing, as far as it can be read. */
export interface Fact<Item> extends Met {
  readonly item: Item
}

/** What could not be read: its id if it has one, and the rule it breaks. */
export interface BadRow {
  readonly id: string
  readonly reason: string
}

export interface Page<Item> {
  readonly facts: ReadonlyArray<Fact<Item>>
  readonly bad: readonly BadRow[]
  /** Where the next page begins; null after the last one. */
  readonly cursor: string | null
}

export interface Source<Item> {
  /** Names its walk. */
  readonly name: string
  readonly pace: Pace
  /** Pages of the walk's window from its mark on. */
  readonly pages: (walk: Walk) => AsyncIterable<Page<Item>>
  /** Brings what is new to safety, and keeps apart what cannot be read. @returns what became of it */
  readonly handOver: (items: readonly Item[], bad: readonly BadRow[]) => Promise<Pick<SyncCounts, 'saved' | 'refused'>>
}

/** A run at work. */
export interface Syncing {
  readonly run: SyncRun
  readonly hasTime: () => boolean
  walks: Readonly<Record<string, Walk>>
  counts: SyncCounts
}

interface SyncFacts {
  readonly name: string
  readonly mode: SyncMode
  readonly run: Run
  /** @returns whether it came to the present */
  readonly work: (syncing: Syncing) => Promise<boolean>
}

export async function synced({ name, mode, run: { hasTime }, work }: SyncFacts): Promise<Tally> {
  const begun = await beginRun(name, mode)
  if (begun === undefined) return { deferred: 1 }
  const syncing: Syncing = { run: begun.run, hasTime, walks: begun.sync.walks, counts: NO_COUNTS }
  try {
    const atPresent = await work(syncing)
    await endRun(begun.run, { state: atPresent ? 'done' : 'more', counts: syncing.counts, error: null })
    return { ...syncing.counts }
  } catch (error) {
    await endRun(begun.run, { state: 'failed', counts: syncing.counts, error: reasonOf(error) }).catch((again: unknown) => {
      log.warn('the end of a run could not be noted, its lease ends by itself', { function: name, why: String(again) })
    })
    throw error
  }
}

/** The same by a vendor's breaker: while the vendor is left alone, the run is put off. */
export async function syncedBy(vendor: string, facts: SyncFacts): Promise<Tally> {
  const passage = await through(vendor, () => synced(facts))
  return 'done' in passage ? passage.done : { deferred: 1 }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Failure ? (error.reason ?? error.message) : String(error)
  return redactText(text).slice(0, 300)
}

/** Walks all sources to the present, always the one that is furthest behind. @returns whether there was time for it */
export async function walkOn<Item>(syncing: Syncing, sources: ReadonlyArray<Source<Item>>): Promise<boolean> {
  const nowMs = syncing.run.startedAtMs
  const behind = new Set(sources)
  while (behind.size > 0) {
    if (!syncing.hasTime()) return false
    const next = [...behind].sort((one, other) => walkOf(syncing, one).reachedMs - walkOf(syncing, other).reachedMs)[0] as Source<Item>
    if (!(await walkWindow(syncing, next))) return false
    if ((walkOf(syncing, next).caughtUpMs ?? 0) >= nowMs) behind.delete(next)
  }
  return true
}

function walkOf(syncing: Syncing, { name, pace }: Pick<Source<unknown>, 'name' | 'pace'>): Walk {
  return syncing.walks[name] ?? firstWalk(syncing.run.startedAtMs, pace)
}

/** @returns whether the window was walked to its end */
async function walkWindow<Item>(syncing: Syncing, source: Source<Item>): Promise<boolean> {
  const nowMs = syncing.run.startedAtMs
  let walk = opened(walkOf(syncing, source), source.pace, nowMs)
  for (let restarts = 0; ; restarts++) {
    const from = walk
    const walked = await walkPages(syncing, source, walk)
    walk = walked.walk
    if (walked.end === 'out of time') return false
    if (walked.end === 'closed') return true
    if (walk.reachedMs > from.reachedMs) restarts = 0
    if (restarts === RESTARTS_MAX) throw new Failure('SERVICE_UNAVAILABLE', { reason: `${syncing.run.job}: the vendor forgets where we are` })
    walk = restarted(walk)
  }
}

interface Walked {
  readonly walk: Walk
  readonly end: 'closed' | 'out of time' | 'forgotten'
}

/** While one batch is handed over the next one is read; there are never more than these two in memory. */
async function walkPages<Item>(syncing: Syncing, source: Source<Item>, from: Walk): Promise<Walked> {
  const basket = new Basket<Item>(from, source.pace)
  let handing: Promise<void> = Promise.resolve()
  const next = async (isLast: boolean): Promise<void> => {
    await handing
    handing = handedOver(syncing, source, basket.emptied(isLast ? syncing.run.startedAtMs : undefined))
    // Whoever waits for it next is told.
    handing.catch(() => undefined)
  }
  try {
    for await (const page of source.pages(from)) {
      basket.add(page)
      const isLast = page.cursor === null
      const isOver = isLast || !syncing.hasTime()
      if (!isOver && basket.read < BATCH_ROWS) continue
      await next(isLast)
      if (isOver) break
    }
    await handing
    return { walk: basket.walk, end: basket.walk.toMs > basket.walk.fromMs ? 'out of time' : 'closed' }
  } catch (error) {
    if (error instanceof CursorExpired) await next(false)
    await handing
    if (error instanceof CursorExpired) return { walk: basket.walk, end: 'forgotten' }
    throw error
  }
}

interface Batch<Item> {
  readonly fresh: ReadonlyArray<Fact<Item>>
  readonly bad: readonly BadRow[]
  readonly read: number
  /** Where the walk is when it is safe. */
  readonly walk: Walk
}

/** Brings a batch to safety, and only then moves the walk on. */
async function handedOver<Item>(syncing: Syncing, source: Source<Item>, { fresh, bad, read, walk }: Batch<Item>): Promise<void> {
  const nothing = { saved: 0, refused: 0 }
  const { saved, refused } = fresh.length + bad.length === 0 ? nothing : await source.handOver(fresh.map(({ item }) => item), bad)
  const counts = plus(syncing.counts, { read, saved, refused, unchanged: read - fresh.length - bad.length })
  const walks = { ...syncing.walks, [source.name]: walk }
  await saveRunProgress(syncing.run, { walks, counts })
  syncing.walks = walks
  syncing.counts = counts
}

/** What was read and is not handed over yet. */
class Basket<Item> {
  /** Where the walk is when all that was taken out of the basket is safe. */
  walk: Walk
  read = 0
  readonly #pace: Pace
  #cursor: string | null
  #fresh: Array<Fact<Item>> = []
  #bad: BadRow[] = []
  #met: Met[] = []
  #seen: Set<string>

  constructor(walk: Walk, pace: Pace) {
    this.walk = walk
    this.#pace = pace
    this.#cursor = walk.cursor
    this.#seen = new Set(walk.seen)
  }

  add({ facts, bad, cursor }: Page<Item>): void {
    this.read += facts.length + bad.length
    this.#bad.push(...bad)
    this.#cursor = cursor
    for (const fact of facts) {
      const mark = markOf(fact)
      this.#met.push({ key: fact.key, changedMs: fact.changedMs })
      if (this.#seen.has(mark)) continue
      this.#seen.add(mark)
      this.#fresh.push(fact)
    }
  }

  /** @param presentMs set with what is the last of the window: when the run began */
  emptied(presentMs: number | undefined): Batch<Item> {
    const moved = advanced(this.walk, this.#cursor, this.#met, this.#pace)
    this.walk = presentMs === undefined ? moved : closed(moved, this.#pace, presentMs)
    const batch = { fresh: this.#fresh, bad: this.#bad, read: this.read, walk: this.walk }
    this.#fresh = []
    this.#bad = []
    this.#met = []
    this.read = 0
    this.#seen = new Set(this.walk.seen)
    return batch
  }
}
