/**
 * A walk through what has changed at a vendor, the earliest change first: window by window from the past to now, and
 * from then on whatever changed since the last run.
 *
 * What was handed over is never asked for again on purpose, and never missed: a vendor's list is complete only after
 * some seconds, so each run looks back a little further than the last one ended. What it meets again there is known by
 * `seen`. A mark that the vendor has forgotten costs nothing but the way from the last change that was handed over.
 */
export interface Walk {
  /** The window that is walked just now: changes from here on ... */
  readonly fromMs: number
  /** ... and before this. Equal: no window is open. */
  readonly toMs: number
  /** The vendor's mark within the window; null at its beginning. */
  readonly cursor: string | null
  /** All that changed before this is handed over. */
  readonly reachedMs: number
  /** How far a walk has come that reached the present; null while it is still in the past. */
  readonly caughtUpMs: number | null
  /** What was handed over and may be met again: `when.what`. */
  readonly seen: readonly string[]
}

export interface Pace {
  /** How far into the past the first walk goes. */
  readonly historyMs: number
  readonly windowMs: number
  readonly overlapMs: number
}

/** Thrown by whoever reads a page when the vendor does not know its own mark any more. */
export class CursorExpired extends Error {}

/** Beyond so many, what is met again is handed over again: the views show it once all the same. */
const SEEN_MAX = 300

export function firstWalk(nowMs: number, { historyMs }: Pick<Pace, 'historyMs'>): Walk {
  const fromMs = Math.max(0, nowMs - historyMs)
  return { fromMs, toMs: fromMs, cursor: null, reachedMs: fromMs, caughtUpMs: null, seen: [] }
}

/** A walk at the present, of a list that was read to its end; its next window begins at `fromMs`. */
export function walkedTo(nowMs: number, fromMs: number): Walk {
  return { fromMs, toMs: fromMs, cursor: null, reachedMs: nowMs, caughtUpMs: nowMs, seen: [] }
}

/** Opens the next window, unless one is open still. No window reaches beyond `nowMs`. */
export function opened(walk: Walk, { windowMs }: Pace, nowMs: number): Walk {
  if (walk.toMs > walk.fromMs) return walk
  return { ...walk, toMs: Math.max(walk.fromMs, Math.min(walk.fromMs + windowMs, nowMs)), cursor: null }
}

/** A fact as the walk remembers it: what it is, in which version, and when it changed. */
export interface Met {
  readonly key: string
  readonly changedMs: number
}

/** What was read up to `cursor` is handed over. */
export function advanced(walk: Walk, cursor: string | null, met: readonly Met[], { overlapMs }: Pace): Walk {
  const lastMs = met.reduce((latest, { changedMs }) => Math.max(latest, changedMs), walk.reachedMs)
  const reachedMs = Math.min(lastMs, walk.toMs)
  return { ...walk, cursor, reachedMs, seen: remembered([...walk.seen, ...met.map(markOf)], reachedMs - overlapMs) }
}

/** The window is walked to its end. The next one begins a little before it: its end may have been the present when it was read. */
export function closed(walk: Walk, { overlapMs }: Pace, nowMs: number): Walk {
  const fromMs = walk.toMs - overlapMs
  const caughtUpMs = walk.toMs >= nowMs ? walk.toMs : walk.caughtUpMs
  return { fromMs, toMs: fromMs, cursor: null, reachedMs: walk.toMs, caughtUpMs, seen: remembered(walk.seen, fromMs) }
}

/** Begins the window anew where the last change was handed over: what changed in that very moment is met again. */
export function restarted(walk: Walk): Walk {
  return { ...walk, fromMs: Math.max(walk.fromMs, Math.min(walk.reachedMs, walk.toMs - 1)), cursor: null }
}

export function markOf({ key, changedMs }: Met): string {
  return `${changedMs.toString(36)}.${key}`
}

/** Those at the limit are kept: a window begins with the very moment at which it is cut. */
function remembered(marks: readonly string[], sinceMs: number): string[] {
  const fresh = [...new Set(marks)].filter((mark) => changedIn(mark) >= sinceMs)
  return fresh.sort((one, other) => changedIn(one) - changedIn(other)).slice(-SEEN_MAX)
}

function changedIn(mark: string): number {
  return Number.parseInt(mark.slice(0, mark.indexOf('.')), 36)
}
