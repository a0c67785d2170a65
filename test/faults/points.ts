/** The points at which a run can go wrong: each recorded call, before and after it took effect, in each way; and disorder. */
import type { Fault } from '../../infra/local/wire.ts'

export interface RecordedCall {
  readonly target: string
  readonly operation: string
  readonly function?: string | undefined
  /** Of the request or the event that its function worked at. */
  readonly requestId?: string | undefined
  /** What it read of Firestore stays locked. */
  readonly inTransaction?: boolean | undefined
}

/** One thing that goes wrong in a run: a struck call, or every delivery made twice or out of order. */
export type Point =
  /** `isLike`: what it leaves behind, another point leaves behind too. */
  | { readonly fault: Fault; readonly isLike: boolean }
  | { readonly delivery: 'twice' | 'late' }

/** What a trial meets: one point, or two at once. */
export type Sequence = readonly Point[]

const EFFECTS: ReadonlyArray<Pick<Fault, 'when' | 'effect'>> = [
  { when: 'before', effect: 'drop' },
  { when: 'before', effect: 'hang' },
  { when: 'before', effect: 'error' },
  { when: 'before', effect: 'kill' },
  { when: 'after', effect: 'drop' },
  { when: 'after', effect: 'hang' },
  { when: 'after', effect: 'error' },
  { when: 'after', effect: 'kill' },
  { when: 'before', effect: 'duplicate' },
]

/** Every recorded call in every way, each named by how many of its kind came before it. */
export function pointsOf(calls: readonly RecordedCall[]): Point[] {
  const seen = new Map<string, number>()
  const begun = new Set<string>()
  const faults = calls.flatMap((call) => {
    const { target, operation, function: name, requestId } = call
    const kind = `${name} ${target} ${operation}`
    const skip = seen.get(kind) ?? 0
    seen.set(kind, skip + 1)
    const run = `${name} ${requestId}`
    const isFirst = !begun.has(run)
    begun.add(run)
    return EFFECTS.map((effect): Point => ({ fault: { target, operation, function: name, skip, ...effect }, isLike: isLike(call, effect, isFirst) }))
  })
  return [...faults, { delivery: 'twice' }, { delivery: 'late' }]
}

/**
 * Whether a point leaves the world, and what its caller knows of it, as another one does. Who dies before a call leaves
 * what he left after the one before; who only asked has changed nothing, whether or not he was understood, unless what
 * he asked about is locked for him; and what is asked twice is only answered twice.
 */
function isLike(call: RecordedCall, { when, effect }: Pick<Fault, 'when' | 'effect'>, isFirst: boolean): boolean {
  if (effect === 'kill') return when === 'before' ? !isFirst : asks(call)
  if (!asks(call)) return false
  return effect === 'duplicate' || (when === 'after' && call.inTransaction !== true)
}

const QUESTIONS = new Set([
  'BatchGetDocuments', 'RunQuery', 'RunAggregationQuery', 'POST /v2/inventory/counts/batch-retrieve', 'POST /v2/catalog/search',
])

function asks({ operation }: RecordedCall): boolean {
  return QUESTIONS.has(operation) || operation.startsWith('GET ')
}

/** So many calls of one kind are tried in every way; of those after them, which mostly do the same for another record, a share. */
const OF_A_KIND = 3
const SHARE_OF_OTHERS = 1 / 4

/** Numbers of the points that stand for all; where several calls do the same, those are drawn by chance that a seed repeats. */
export function thinned(points: readonly Point[], random: () => number): number[] {
  return [...points.keys()].filter((number) => {
    const point = points[number] as Point
    return 'delivery' in point || (!point.isLike && ((point.fault.skip ?? 0) < OF_A_KIND || random() < SHARE_OF_OTHERS))
  })
}

/** Pairs of points, drawn by chance that a seed repeats; never two strikes of one call. */
export function pairsOf(points: readonly Point[], count: number, random: () => number): Sequence[] {
  const drawn = (): Point => points[Math.floor(random() * points.length)] as Point
  const pairs: Sequence[] = []
  for (let tries = 0; pairs.length < count && tries < count * 20; tries++) {
    const pair = [drawn(), drawn()] as const
    if (callOf(pair[0]) !== callOf(pair[1])) pairs.push(pair)
  }
  return pairs
}

function callOf(point: Point): string {
  return 'delivery' in point ? point.delivery : `${point.fault.function} ${point.fault.operation} ${point.fault.skip}`
}

/** `before kill at firestore Commit #2 of check-out`. */
export function named(sequence: Sequence): string {
  if (sequence.length === 0) return 'nothing goes wrong'
  return sequence
    .map((point) => {
      if ('delivery' in point) return point.delivery === 'twice' ? 'every delivery twice' : 'every delivery late'
      const { target, operation, when, effect, skip, function: name } = point.fault
      return `${when} ${effect} at ${target} ${operation} #${(skip ?? 0) + 1} of ${name}`
    })
    .join(' and ')
}
