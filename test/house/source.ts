/**
 * The project's own files as the house tests see them: text, code without comments, code without quoted text, imports.
 *
 * Line numbers never shift: what is taken out leaves blanks, so that a fault can be named as `path:line`. Reading is
 * by pattern, not by a parser, to stay fast; the patterns know strings, templates and regular expressions apart.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Source {
  /** From the project's root, with forward slashes. */
  readonly path: string
  readonly text: string
  /** Without comments. */
  readonly code: string
  /** Without comments and without what stands in plain quotes. */
  readonly bare: string
}

export interface Import {
  readonly line: number
  readonly specifier: string
  /** `lazy` is loaded when it is first needed, `value` at once, `type` never. */
  readonly kind: 'type' | 'value' | 'lazy'
}

const COMMENT = String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)`
const QUOTED = String.raw`(?<quoted>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")`
/** With templates nested one deep. */
const TEMPLATE = String.raw`\`(?:\\[\s\S]|\$\{(?:[^\`{}]|\`[^\`]*\`|\{[^{}]*\})*\}|\$(?!\{)|[^\`\\$])*\``
const REGEX = String.raw`(?=\/)(?<=(?:^|[(,=:[!&|?{};>\n]|return)\s*)\/(?![*\/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^\/\\\n])+\/[a-z]*`
const PIECES = new RegExp(`${COMMENT}|${QUOTED}|${TEMPLATE}|${REGEX}`, 'g')

export function sourceOf(path: string, text: string): Source {
  const code = text.replace(PIECES, (piece, comment) => (comment === undefined ? piece : blank(piece)))
  const bare = code.replace(PIECES, (piece, _comment, quoted) => (quoted === undefined ? piece : blank(piece)))
  return { path, text, code, bare }
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}

/** All TypeScript files below these folders. */
export function sourcesIn(...folders: string[]): Source[] {
  return pathsIn(...folders)
    .filter((path) => path.endsWith('.ts'))
    .map((path) => sourceOf(path, readText(path)))
}

/** Every file below these folders. */
export function pathsIn(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => posix.join(entry.parentPath.slice(ROOT.length).replaceAll('\\', '/'), entry.name))
      .sort(),
  )
}

export function readText(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8')
}

export function exists(path: string): boolean {
  return existsSync(`${ROOT}${path}`)
}

const STATIC = /^[ \t]*(?:import|export)\s+(type\s)?(?:[\w$\s{},*]*?\bfrom\s+)?['"]([^'"\n]+)['"]/gm
const LAZY = /\bimport\(\s*['"]([^'"\n]+)['"]/g

export function importsOf({ code }: Source): Import[] {
  const found = [...code.matchAll(STATIC)].map((match): Import => ({
    line: lineAt(code, match.index), specifier: match[2] ?? '', kind: match[1] === undefined ? 'value' : 'type',
  }))
  const lazy = [...code.matchAll(LAZY)].map((match): Import => ({
    line: lineAt(code, match.index), specifier: match[1] ?? '', kind: 'lazy',
  }))
  return [...found, ...lazy]
}

/** `stripe` of `stripe/lib/x.js`, `@google-cloud/pubsub` of `@google-cloud/pubsub/build`. Undefined for what is no package. */
export function packageOf(specifier: string): string | undefined {
  if (/^(?:[.#/]|node:)/.test(specifier)) return undefined
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}

/** The project's path that a relative import means. */
export function targetOf(path: string, specifier: string): string {
  return posix.join(dirname(path), specifier)
}

/** `path:line: mend` for each place where the pattern stands. */
export function placesOf(source: Source, view: 'text' | 'code' | 'bare', pattern: RegExp, mend: string): string[] {
  return [...source[view].matchAll(pattern)].map((match) => `${source.path}:${lineAt(source[view], match.index)}: ${mend}`)
}

/** The sentences that hold, each a whole line: `path: what should be.` */
export function faultsIn(subject: string, faults: Record<string, boolean>): string[] {
  return Object.keys(faults).filter((fault) => faults[fault]).map((fault) => `${subject} ${fault}.`)
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index + (/^\s*/.exec(text.slice(index))?.[0].length ?? 0)).split('\n').length
}
