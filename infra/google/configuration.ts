/**
 * The Terraform of this folder, read by Terraform's own parser: which blocks there are, what each refers to, and what it
 * comes to for each of the things in generated.json. No Terraform and no project is needed for it.
 *
 * It evaluates only what the HCL here may say: names, `lookup`, a choice. The rest stands in the plan as it is written.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { getReferencesInExpression, parse } from '@cdktf/hcl2json'

export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }
export type Body = { readonly [key: string]: Value }

export interface Block {
  readonly kind: 'resource' | 'data' | 'variable' | 'output' | 'local' | 'provider' | 'terraform'
  readonly type: string
  readonly name: string
  readonly file: string
  readonly body: Body
}

/** One of the things that a block makes. */
export interface Instance {
  readonly address: string
  readonly block: Block
  readonly values: Body
}

/** What names mean: `local.cloud.topics`, `each.value.topic`, `var.region`. */
export interface Scope {
  readonly [root: string]: Value
}

const FOLDER = new URL('./', import.meta.url)

export function textOf(file: string): string {
  return readFileSync(new URL(file, FOLDER), 'utf8')
}

export function hclFiles(): string[] {
  return readdirSync(FOLDER).filter((name) => name.endsWith('.tf')).sort()
}

export async function readBlocks(files: readonly string[] = hclFiles()): Promise<Block[]> {
  const read = await Promise.all(files.map(async (file) => blocksIn(file, (await parse(file, textOf(file))) as Parsed)))
  return read.flat()
}

type Parsed = Record<string, Record<string, unknown> | readonly Body[]>

/** A resource is named by two labels, a variable by one, a local by none. */
export function blocksIn(file: string, parsed: Parsed): Block[] {
  return Object.entries(parsed).flatMap(([kind, content]): Block[] => {
    if (kind === 'resource' || kind === 'data') {
      return Object.entries(content as Record<string, Record<string, readonly Body[]>>).flatMap(([type, named]) =>
        Object.entries(named).flatMap(([name, bodies]) => bodies.map((body): Block => ({ kind, type, name, file, body }))))
    }
    if (kind === 'locals') {
      return (content as readonly Body[]).flatMap((body) => Object.entries(body).map(([name, value]): Block => ({ kind: 'local', type: '', name, file, body: { value } })))
    }
    if (kind === 'terraform') return (content as readonly Body[]).map((body): Block => ({ kind: 'terraform', type: '', name: '', file, body }))
    if (kind !== 'variable' && kind !== 'output' && kind !== 'provider') throw new Error(`${file}: a block "${kind}" is new to the plan.`)
    return Object.entries(content as Record<string, readonly Body[]>).flatMap(([name, bodies]) => bodies.map((body): Block => ({ kind, type: '', name, file, body })))
  })
}

/** Every text in a body, with the path to it. */
export function textsIn(value: Value, path = ''): Array<{ readonly path: string; readonly text: string }> {
  if (typeof value === 'string') return [{ path, text: value }]
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner as Value, path === '' ? key : `${path}.${key}`))
}

/** The expressions in a text: what stands in each `${...}`, with the braces that it may hold itself. */
export function expressionsIn(text: string): string[] {
  return piecesOf(text).flatMap((piece) => ('expression' in piece ? [piece.expression] : []))
}

type Piece = { readonly literal: string } | { readonly expression: string }

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (let start = text.indexOf('${'); start >= 0; start = text.indexOf('${', from)) {
    if (start > from) pieces.push({ literal: text.slice(from, start) })
    let depth = 1
    let end = start + 2
    for (; depth > 0 && end < text.length; end += 1) depth += text[end] === '{' ? 1 : text[end] === '}' ? -1 : 0
    pieces.push({ expression: text.slice(start + 2, end - 1) })
    from = end
  }
  if (from < text.length) pieces.push({ literal: text.slice(from) })
  return pieces
}

/** Names that an expression refers to: `google_pubsub_topic.topic.id`, `var.region`, `each.value.topic`. */
export async function referencesIn(expression: string): Promise<string[]> {
  return (await getReferencesInExpression('expression', `"\${${expression}}"`)).map(({ value }) => value)
}

/** The scope of an environment: generated.json, the variables of its file, and the defaults of the others. */
export async function scopeOf(blocks: readonly Block[], environment: string): Promise<Scope> {
  const given = (await parse(`${environment}.tfvars`, textOf(`environments/${environment}.tfvars`))) as unknown as Body
  const defaults = blocks.flatMap(({ kind, name, body }) => (kind === 'variable' && body['default'] !== undefined ? [[name, body['default']] as const] : []))
  return { var: { ...Object.fromEntries(defaults), ...given }, local: { cloud: JSON.parse(textOf('generated.json')) as Value } }
}

/** What each resource comes to, in the order of the files. */
export function instancesOf(blocks: readonly Block[], scope: Scope): Instance[] {
  return blocks.filter(({ kind }) => kind === 'resource').flatMap((block) => {
    const address = `${block.type}.${block.name}`
    const { for_each: each, ...body } = block.body
    if (each === undefined) return [{ address, block, values: resolved(body, scope) as Body }]
    return entriesOf(each, scope, address).map(([key, value]): Instance => (
      { address: `${address}["${key}"]`, block, values: resolved(body, { ...scope, each: { key, value } }) as Body }
    ))
  })
}

const SET = /^toset\(([\s\S]+)\)$/
const LIST = /^\[[\s"\w.,/-]*\]$/

function entriesOf(each: Value, scope: Scope, address: string): Array<readonly [string, Value]> {
  const [expression = ''] = expressionsIn(String(each))
  const inner = SET.exec(expression)?.[1]?.trim()
  const things = inner !== undefined && LIST.test(inner) ? (JSON.parse(inner.replace(/,\s*\]$/, ']')) as Value) : valueOf(inner ?? expression, scope)
  if (things === undefined || things === null || typeof things !== 'object') throw new Error(`${address}: its for_each must name a key of generated.json, or list words.`)
  return Object.entries(things).map(([key, value]) => (Array.isArray(things) ? [String(value), value as Value] : [key, value as Value]))
}

function resolved(value: Value, scope: Scope): Value {
  if (typeof value === 'string') return resolvedText(value, scope)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((one: Value) => resolved(one, scope))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner as Value, scope)]))
}

function resolvedText(text: string, scope: Scope): Value {
  const pieces = piecesOf(text)
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined && 'expression' in only) return valueOf(only.expression, scope) ?? shown(only.expression, scope)
  return pieces.map((piece) => ('literal' in piece ? piece.literal : textFor(piece.expression, scope))).join('')
}

function textFor(expression: string, scope: Scope): string {
  const value = valueOf(expression, scope)
  return value === undefined || typeof value === 'object' ? `\${${shown(expression, scope)}}` : String(value)
}

const NAME = /^[a-z]+(?:\.\w+)*$/
const LOOKUP = /^lookup\((\S+), (\S+), (.+)\)$/
const CHOICE = /^(\S+) \? (\S+) : (\S+)$/

/** Undefined for what only Terraform can know. */
export function valueOf(expression: string, scope: Scope): Value | undefined {
  if (/^-?\d+(?:\.\d+)?$/.test(expression)) return Number(expression)
  if (/^"[^"$]*"$/.test(expression)) return expression.slice(1, -1)
  if (NAME.test(expression)) return expression.split('.').reduce<Value | undefined>((value, key) => memberOf(value, key), scope)
  const [, map, key, otherwise] = LOOKUP.exec(expression) ?? []
  if (map !== undefined) return memberOf(valueOf(map, scope), String(valueOf(key ?? '', scope))) ?? valueOf(otherwise ?? '', scope)
  const [, when, yes, no] = CHOICE.exec(expression) ?? []
  const decided = when === undefined ? undefined : valueOf(when, scope)
  return typeof decided === 'boolean' ? valueOf((decided ? yes : no) ?? '', scope) : undefined
}

function memberOf(value: Value | undefined, key: string): Value | undefined {
  return value !== null && typeof value === 'object' && Object.hasOwn(value, key) ? (value as Body)[key] : undefined
}

/** An expression as people read it: with what it says of this very thing filled in. */
function shown(expression: string, scope: Scope): string {
  return expression.replaceAll(/\beach\.(?:key|value(?:\.\w+)*)/g, (name) => {
    const value = valueOf(name, scope)
    return value === undefined || typeof value === 'object' ? name : JSON.stringify(value)
  }).replaceAll(/\s+/g, ' ')
}
