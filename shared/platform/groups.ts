/**
 * Groups: who wants the same while another is at it waits, and then all who wait are served together, by one call where
 * each would have made his own. The first of those who wait serves them, in his own time: nothing runs for somebody who
 * has his answer. Only a saving: other instances do not see it, and correctness never rests on it.
 */
interface Waiting<Item, Result> {
  readonly item: Item
  readonly go: (turn: Turn<Item, Result>) => void
}

/** What somebody who waits is told: his result, or that it is his turn to serve these. */
type Turn<Item, Result> = { readonly result: Result } | { readonly thrown: unknown } | { readonly serve: ReadonlyArray<Waiting<Item, Result>> }

/**
 * A door per name: `serve` gets the items that have gathered before it, at most `most` at a time, and answers one result
 * for each, in their order. What it throws is thrown to all of them.
 */
export function doors<Item, Result>(most: number, serve: (items: readonly Item[]) => Promise<readonly Result[]>) {
  const queues = new Map<string, Array<Waiting<Item, Result>>>()

  async function lead(name: string, item: Item, others: ReadonlyArray<Waiting<Item, Result>>): Promise<Result> {
    try {
      const [own, ...results] = await serve([item, ...others.map((other) => other.item)])
      for (const [index, { go }] of others.entries()) go({ result: results[index] as Result })
      return own as Result
    } catch (thrown) {
      for (const { go } of others) go({ thrown })
      throw thrown
    } finally {
      const next = queues.get(name)?.splice(0, most) ?? []
      if (next.length === 0) queues.delete(name)
      next[0]?.go({ serve: next.slice(1) })
    }
  }

  return async function enter(name: string, item: Item): Promise<Result> {
    const queue = queues.get(name)
    if (queue === undefined) {
      queues.set(name, [])
      return lead(name, item, [])
    }
    const turn = await new Promise<Turn<Item, Result>>((go) => queue.push({ item, go }))
    if ('serve' in turn) return lead(name, item, turn.serve)
    if ('thrown' in turn) throw turn.thrown
    return turn.result
  }
}
