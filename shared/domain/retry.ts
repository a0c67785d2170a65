/** When something that failed is tried again: a list of waits; when it is used up, a person decides. */

/**
 * @param failures failed tries on this schedule, the last one included
 * @returns when the next try is due; null when there is none
 */
export function nextTry(waitsMs: readonly number[], failures: number, nowMs: number): number | null {
  const waitMs = waitsMs[failures - 1]
  return waitMs === undefined ? null : nowMs + waitMs
}
