/** The lines of the product that ran, from what every process of a test run wrote down (`NODE_V8_COVERAGE`). */
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CoverageReport, type V8CoverageEntry } from 'monocart-coverage-reports'
import type { Area } from './areas.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Lines {
  /** With code in them. */
  readonly all: number
  readonly ran: number
}

/** By file, below the project; a file that no process loaded is there with none that ran. */
export async function linesThatRan(directory: string, files: readonly string[]): Promise<ReadonlyMap<string, Lines>> {
  const sources = new Map(files.map((file) => [pathToFileURL(join(ROOT, file)).href, { file, code: codeOf(file) }]))
  const unloaded = new Map(sources)
  const report = new CoverageReport({ reports: ['none'], logging: 'error', outputDir: join(directory, 'report'), sourcePath: (path) => path })
  for (const name of readdirSync(directory).filter((one) => one.endsWith('.json'))) {
    const { result } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as { result: V8CoverageEntry[] }
    const entries = result.flatMap((entry) => {
      const source = sources.get(entry.url)
      return source === undefined ? [] : [{ ...entry, source: source.code }]
    })
    for (const { url } of entries) unloaded.delete(url)
    if (entries.length > 0) await report.add(entries)
  }
  if (unloaded.size > 0) await report.add([...unloaded].map(([url, { code }]) => unrun(url, code)))
  const results = await report.generate()
  return new Map((results?.files ?? []).map(({ url, summary }) => {
    const { total, covered } = summary.lines as { total: number; covered: number }
    return [sources.get(String(url))?.file ?? String(url), { all: total, ran: covered }]
  }))
}

/** What Node runs of a file: its types are blank there, so that lines and places stay what they are. */
function codeOf(file: string): string {
  return stripTypeScriptTypes(readFileSync(join(ROOT, file), 'utf8'))
}

function unrun(url: string, source: string): V8CoverageEntry {
  return { url, source, functions: [{ functionName: '', isBlockCoverage: true, ranges: [{ startOffset: 0, endOffset: source.length, count: 0 }] }] } as unknown as V8CoverageEntry
}

export function filesOf({ sources }: Pick<Area, 'sources'>): string[] {
  return globSync([...sources], { cwd: ROOT }).sort()
}

/** Of a hundred lines of these files, to a tenth and never rounded up. */
export function percentOf(files: readonly string[], lines: ReadonlyMap<string, Lines>): number {
  const sum = (of: keyof Lines): number => files.reduce((total, file) => total + (lines.get(file)?.[of] ?? 0), 0)
  return sum('all') === 0 ? 0 : Math.floor((sum('ran') / sum('all')) * 1000) / 10
}
