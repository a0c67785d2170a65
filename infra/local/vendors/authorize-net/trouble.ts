/** Trouble that somebody ordered: slow answers, and server errors, which come with the work done or not done. */
export class Trouble {
  /** Time before the work of each request, real, so that requests can overlap. */
  latencyMs = 0
  #errors = { times: 0, tookEffect: false }

  orderErrors(times: number, tookEffect: boolean): void {
    this.#errors = { times, tookEffect }
  }

  async pause(): Promise<void> {
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs))
  }

  /** Whether the request at hand fails, before its work or after it. */
  strikes(when: 'before' | 'after'): boolean {
    if (this.#errors.times <= 0 || this.#errors.tookEffect !== (when === 'after')) return false
    this.#errors.times -= 1
    return true
  }
}
