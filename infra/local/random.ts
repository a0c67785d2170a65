/**
 * Random numbers that can be repeated: what is random in the local cloud (duplicates, disorder, declines) comes
 * from here, so that a seed printed by a failing run brings the same run back. Never for anything secret.
 *
 * The generator is Mulberry32: 32 bits of state, one multiplication or two per number, good enough to deal cards.
 */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
