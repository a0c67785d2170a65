/**
 * How a sweep works through what is due: so many at once, and on as long as there is time.
 *
 * One that fails is logged, counted and put off; the others keep their turn. Nothing is taken twice in one run, so that
 * what stays due does not go round in a circle, nor stops the run for all that is due behind it.
 */
import { log } from '#platform/log.ts'
import type { Run, Tally } from './schedule.ts'

type Word = keyof Tally

interface Sweep<Item, Counted extends Word> {
  readonly name: string
  readonly run: Run
  /** So many are worked on at the same time. */
  readonly atOnce: number
  /** What is due, the longest waiting first. What was finished or put off is not due any more. */
  readonly take: (limit: number) => Promise<readonly Item[]>
  /** Words that are counted beside `read` and `failed`, also when nothing was there to count. */
  readonly counts: readonly Counted[]
  /** Answers as what it counts. */
  readonly finish: (item: Item) => Promise<Counted | 'failed' | ReadonlyArray<Counted | 'failed'>>
  /** After a failure: its next turn. */
  readonly putOff?: (item: Item) => Promise<unknown>
}

export async function sweep<Item extends { readonly id: string }, Counted extends Word>(facts: Sweep<Item, Counted>): Promise<Tally> {
  const tally: Tally = { read: 0, ...Object.fromEntries(facts.counts.map((word) => [word, 0])), failed: 0 }
  const count = (word: Word, more: number): void => void (tally[word] = (tally[word] ?? 0) + more)
  const taken = new Set<string>()
  let stuck = 0
  while (facts.run.hasTime()) {
    const limit = facts.atOnce + stuck
    const due = await facts.take(limit)
    const items = due.filter(({ id }) => !taken.has(id)).slice(0, facts.atOnce)
    if (items.length === 0 && due.length < limit) break
    stuck = due.filter(({ id }) => taken.has(id)).length
    count('read', items.length)
    for (const { id } of items) taken.add(id)
    for (const words of await Promise.all(items.map((item) => finished(facts, item)))) for (const word of words) count(word, 1)
  }
  return tally
}

async function finished<Item extends { readonly id: string }, Counted extends Word>(facts: Sweep<Item, Counted>, item: Item): Promise<readonly Word[]> {
  const { name, finish, putOff } = facts
  try {
    return [await finish(item)].flat() as Word[]
  } catch (error) {
    log.error(`${name} could not finish one`, error, { function: name, id: item.id })
    await putOff?.(item).catch((again: unknown) => log.warn(`${name} could not put one off`, { function: name, id: item.id, why: String(again) }))
    return ['failed']
  }
}
