/**
 * What the code of each function can reach, found in what is left of it when all that it never calls is shaken out:
 * settings, topics, the store, the warehouse. Rights and secrets follow from this and are written down nowhere.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export interface Reach {
  /** Sections of the configuration. */
  readonly sections: readonly string[]
  /** Topics that it may publish to; of the inbox, of whichever vendor: `INBOX`. */
  readonly topics: readonly string[]
  readonly store: boolean
  /** Streams rows into the warehouse; asks it; or only looks how its tables are made. */
  readonly fills: boolean
  readonly asks: boolean
  readonly looks: boolean
  /** Datasets that its statements name. */
  readonly datasets: readonly string[]
}

/** What each function of `shared/platform/bigquery.ts` that goes to the warehouse needs there. */
export const WAREHOUSE_CALLS: Readonly<Record<string, 'fills' | 'asks' | 'looks'>> = {
  insertRows: 'fills', queryRows: 'asks', streamRows: 'asks', queryQuickly: 'asks', tableMetadata: 'looks',
}

/** Stands for the inbox topics of all vendors. */
export const INBOX = 'inbox-*'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** @param files of functions, from the project's root */
export async function reachOf(files: readonly string[]): Promise<ReadonlyMap<string, Reach>> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT, entryPoints: [...files], outbase: ROOT, outdir: `${ROOT}dist`, write: false,
    bundle: true, packages: 'external', platform: 'node', target: 'node24', format: 'esm', logLevel: 'error',
  })
  return new Map(outputFiles.map(({ path, text }) => [path.slice(`${ROOT}dist/`.length).replaceAll('\\', '/').replace(/\.js$/, '.ts'), reachIn(text)]))
}

/** Of bundled code. */
export function reachIn(text: string): Reach {
  const found = (pattern: RegExp): string[] => [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort()
  const topics = found(/(?<!function |\.)\bpublish\(([^,]+),/g).map((topic) => topicNamed(topic, text))
  const calls = (need: 'fills' | 'asks' | 'looks'): boolean =>
    Object.keys(WAREHOUSE_CALLS).some((name) => WAREHOUSE_CALLS[name] === need && new RegExp(`\\bfunction\\*? ${name}\\(`).test(text))
  return {
    sections: found(/(?<!function )\bconfig\("(\w+)"\)/g),
    topics,
    store: text.includes('import("@google-cloud/firestore")'),
    fills: calls('fills'), asks: calls('asks'), looks: calls('looks'),
    // The bundler writes a template in backticks with its own ones escaped.
    datasets: found(/\b(?:FROM|JOIN)\s+\\?`(\w+)\.\w+\\?`/g),
  }
}

/** @throws Error when the code does not say by a constant which topic it means */
function topicNamed(expression: string, text: string): string {
  if (expression.startsWith('inboxTopic(')) return INBOX
  const topic = new RegExp(`\\b${expression} = "([^"]+)"`).exec(text)?.[1]
  if (topic === undefined) throw new Error(`publish(${expression}, ...): name the topic by a constant or by inboxTopic(), or nobody can be given the right to it.`)
  return topic
}
