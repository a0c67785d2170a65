/** The points at which a run can go wrong: each recorded call, before and after it took effect, in each way; and disorder. */
import type { Fault } from '../../infra/local/wire.ts'

export interface RecordedCall {
  readonly target: string
  readonly operation: string
  readonly function?: string | undefined
}

/** One thing that goes wrong in a run: a struck call, or every delivery made twice or out of order. */
export type Point = { readonly fault: Fault } | { readonly delivery: 'twice' | 'late' }

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
  const faults = calls.flatMap(({ target, operation, function: name }) => {
    const kind = `${name} ${target} ${operation}`
    const skip = seen.get(kind) ?? 0
    seen.set(kind, skip + 1)
    return EFFECTS.map((effect): Point => ({ fault: { target, operation, function: name, skip, ...effect } }))
  })
  return [...faults, { delivery: 'twice' }, { delivery: 'late' }]
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
  return sequence
    .map((point) => {
      if ('delivery' in point) return point.delivery === 'twice' ? 'every delivery twice' : 'every delivery late'
      const { target, operation, when, effect, skip, function: name } = point.fault
      return `${when} ${effect} at ${target} ${operation} #${(skip ?? 0) + 1} of ${name}`
    })
    .join(' and ')
}
