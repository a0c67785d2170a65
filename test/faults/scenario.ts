/**
 * A scenario of the fault explorer: one thing the shop does that moves money, stock, mail or papers.
 *
 * The explorer runs it once clean and records the network calls that its functions make; then once for each call and
 * each way in which that call can go wrong. Every run has a world of its own (`prepare`), so that many runs share one
 * shop and their outcomes can be told apart.
 */
import type { Ground } from '../functions/purchase.ts'

export interface Scenario {
  /** A row of the table; also what `--scenario` names. */
  readonly name: string
  /** The functions whose calls are recorded and struck. */
  readonly functions: readonly string[]
  /** Configuration of the shop that it is tried in. */
  readonly environment?: Readonly<Record<string, string>>
  /** Wait beyond the usual 45 minutes that the matter takes to settle: what a bank does overnight. */
  readonly settlesAfterMinutes?: number
  /** Sets up customers, orders and whatever `run` needs, without any fault. */
  readonly prepare: (ground: Ground) => Promise<Trial>
}

export interface Trial {
  /** What is tried. Any answer will do, a lost one too: what matters is what becomes of it. Must not throw. */
  readonly run: () => Promise<void>
  /** What whoever called does next when his answer was lost: the same thing once more, with the same key. */
  readonly again?: () => Promise<void>
  /**
   * What is wrong with this run's own outcome when time has passed and everything is settled, in sentences that name
   * its order or record; the books of the whole shop are checked besides (`test/functions/books.ts`).
   */
  readonly faults?: () => readonly string[] | Promise<readonly string[]>
}
