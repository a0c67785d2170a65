/** One request and its answer for each operation, as recorded in the seeded shop by `npm run examples`. */
import { readFileSync } from 'node:fs'

export interface Example {
  /** Parameters in the path. */
  readonly path: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly status: number
  readonly answer: unknown
}

/** By operation. */
export type Examples = Readonly<Record<string, Example>>

export const EXAMPLES_FILE = new URL('examples.json', import.meta.url)

export function readExamples(): Examples {
  return JSON.parse(readFileSync(EXAMPLES_FILE, 'utf8')) as Examples
}
