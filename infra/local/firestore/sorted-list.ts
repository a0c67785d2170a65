/**
 * A sorted list in blocks: finding is a binary search, inserting moves at most one block.
 * Items that compare as 0 are the same item.
 */
const BLOCK_ITEMS_MAX = 512

export interface Range<T> {
  /** True for items below the range; true for a prefix of the list. */
  readonly isBelow: (item: T) => boolean
  /** True for items above the range; true for a suffix of the list. */
  readonly isAbove: (item: T) => boolean
  readonly reversed: boolean
}

export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number
  #blocks: T[][] = [[]]

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  /** Takes many items at once, into an empty list. */
  fill(items: T[]): void {
    items.sort(this.#compare)
    this.#blocks = [[]]
    const half = BLOCK_ITEMS_MAX / 2
    for (let at = 0; at < items.length; at += half) this.#blocks[at / half] = items.slice(at, at + half)
  }

  insert(item: T): void {
    const [blockAt, at] = this.#find((other) => this.#compare(other, item) < 0)
    const block = this.#blocks[blockAt]
    if (block === undefined) {
      this.#last().push(item)
      this.#split(this.#blocks.length - 1)
      return
    }
    block.splice(at, 0, item)
    this.#split(blockAt)
  }

  remove(item: T): void {
    const [blockAt, at] = this.#find((other) => this.#compare(other, item) < 0)
    const block = this.#blocks[blockAt]
    const found = block?.[at]
    if (block === undefined || found === undefined || this.#compare(found, item) !== 0) return
    block.splice(at, 1)
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(blockAt, 1)
  }

  /** Visits a range in order, or backwards, until `visit` says false. */
  scan(range: Range<T>, visit: (item: T) => boolean): void {
    if (range.reversed) this.#scanBack(range, visit)
    else this.#scanForth(range, visit)
  }

  #scanForth(range: Range<T>, visit: (item: T) => boolean): void {
    let [blockAt, at] = this.#find(range.isBelow)
    for (let block = this.#blocks[blockAt]; block !== undefined; block = this.#blocks[++blockAt], at = 0) {
      for (; at < block.length; at += 1) {
        const item = block[at] as T
        if (range.isAbove(item) || !visit(item)) return
      }
    }
  }

  #scanBack(range: Range<T>, visit: (item: T) => boolean): void {
    const [startBlock, startAt] = this.#find((item) => !range.isAbove(item))
    let blockAt = Math.min(startBlock, this.#blocks.length - 1)
    let at = startBlock === blockAt ? startAt - 1 : (this.#blocks[blockAt]?.length ?? 0) - 1
    for (let block = this.#blocks[blockAt]; block !== undefined; block = this.#blocks[--blockAt], at = (block?.length ?? 0) - 1) {
      for (; at >= 0; at -= 1) {
        const item = block[at] as T
        if (range.isBelow(item) || !visit(item)) return
      }
    }
  }

  /** Place of the first item for which `isBefore` is false: block and index in it; the block past the end when all are. */
  #find(isBefore: (item: T) => boolean): [blockAt: number, at: number] {
    const blockAt = firstFalse(this.#blocks.length, (index) => {
      const block = this.#blocks[index] as T[]
      return block.length === 0 || isBefore(block[block.length - 1] as T)
    })
    const block = this.#blocks[blockAt]
    return block === undefined ? [blockAt, 0] : [blockAt, firstFalse(block.length, (index) => isBefore(block[index] as T))]
  }

  #last(): T[] {
    return this.#blocks[this.#blocks.length - 1] as T[]
  }

  #split(blockAt: number): void {
    const block = this.#blocks[blockAt]
    if (block === undefined || block.length <= BLOCK_ITEMS_MAX) return
    this.#blocks.splice(blockAt + 1, 0, block.splice(BLOCK_ITEMS_MAX / 2))
  }
}

function firstFalse(length: number, isTrue: (index: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isTrue(middle)) low = middle + 1
    else high = middle
  }
  return low
}
