/**
 * Merkle trees after RFC 6962 (section 2.1): one hash that stands for a list in its order.
 *
 * Leaves and nodes are hashed under different first bytes, so that no node can be passed off as an entry; the tree of n
 * entries splits at the largest power of two below n, so that no two lists have one root. Hashes are lower-case hex.
 */
import { createHash } from 'node:crypto'

const LEAF = Buffer.of(0)
const NODE = Buffer.of(1)

export function leafHash(entry: string): string {
  return createHash('sha256').update(LEAF).update(entry, 'utf8').digest('hex')
}

function nodeHash(left: string, right: string): string {
  return createHash('sha256').update(NODE).update(left, 'hex').update(right, 'hex').digest('hex')
}

/** The root over leaf hashes. Reads them once and keeps one hash a level, so a million leaves are a matter of seconds. */
export function rootOf(leaves: Iterable<string>): string {
  const complete: Array<{ hash: string; height: number }> = []
  for (const leaf of leaves) {
    let node = { hash: leaf, height: 0 }
    while (complete.at(-1)?.height === node.height) {
      const left = complete.pop() as { hash: string }
      node = { hash: nodeHash(left.hash, node.hash), height: node.height + 1 }
    }
    complete.push(node)
  }
  // What is left are full trees, the largest first: the smaller ones hang to the right of the larger.
  const root = complete.reduceRight<string | undefined>((right, { hash }) => (right === undefined ? hash : nodeHash(hash, right)), undefined)
  return root ?? createHash('sha256').digest('hex')
}

/** The hashes that lead from one leaf to the root, the lowest first. */
export function proofOf(leaves: readonly string[], index: number): string[] {
  if (leaves.length <= 1) return []
  const middle = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, middle), leaves.slice(middle)]
  return index < middle ? [...proofOf(left, index), rootOf(right)] : [...proofOf(right, index - middle), rootOf(left)]
}

export interface Inclusion {
  readonly leaf: string
  readonly index: number
  /** Number of leaves in the tree. */
  readonly size: number
  readonly proof: readonly string[]
}

/** The root that an inclusion leads to; undefined when its proof has not the length that such a place has. */
export function rootFrom({ leaf, index, size, proof }: Inclusion): string | undefined {
  if (!Number.isInteger(index) || index < 0 || index >= size) return undefined
  if (size === 1) return proof.length === 0 ? leaf : undefined
  const last = proof.at(-1)
  if (last === undefined) return undefined
  const middle = splitOf(size)
  const below = proof.slice(0, -1)
  if (index < middle) {
    const left = rootFrom({ leaf, index, size: middle, proof: below })
    return left === undefined ? undefined : nodeHash(left, last)
  }
  const right = rootFrom({ leaf, index: index - middle, size: size - middle, proof: below })
  return right === undefined ? undefined : nodeHash(last, right)
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1)
}
