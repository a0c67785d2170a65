/** The contents page read as a table: in which file each function stands. Its folder is its area. */
import { readFileSync } from 'node:fs'
import type { Declaration } from '../../shared/entry/declaration.ts'
import { FUNCTIONS_MODULE } from './functions-module.ts'

export interface Place {
  /** The name of the function. */
  readonly name: string
  readonly area: string
  /** From the project's root. */
  readonly file: string
}

const LINE = /^export \{ \w+ \} from '\.\/([\w-]+)\/([\w-]+)\.ts'$/gm

/** @throws Error when a function stands in no line of the page, or a line leads to none */
export function placesOf(declarations: readonly Declaration[]): ReadonlyMap<string, Place> {
  const lines = [...readFileSync(FUNCTIONS_MODULE, 'utf8').matchAll(LINE)]
  const places = new Map(lines.map(([, area = '', name = '']) => [name, { name, area, file: `functions/${area}/${name}.ts` }]))
  const names = new Set(declarations.map(({ name }) => name))
  const stray = [...names].find((name) => !places.has(name)) ?? [...places.keys()].find((name) => !names.has(name))
  if (stray !== undefined) throw new Error(`functions/index.ts: ${stray} is not the name of both a file and a function.`)
  return places
}
