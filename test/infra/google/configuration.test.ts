/**
 * The Terraform as Terraform would read it: every file is HCL, every name leads somewhere, for every single thing that is made,
 * and nothing is declared that nobody uses.
 */
import { parse } from '@cdktf/hcl2json'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  blocksIn, expressionsIn, hclFiles, instancesOf, readBlocks, referencesIn, scopeOf, textsIn, valueOf, type Block, type Body, type Scope, type Value,
} from '../../../infra/google/configuration.ts'

const ENVIRONMENTS = ['dev', 'staging', 'prod']
/** What an expression may be told of itself by. */
const FREE = /^(?:path\.module|self(?:\..*)?)$/

interface Reference {
  readonly block: Block
  readonly name: string
  readonly path: string
}

async function allReferences(blocks: readonly Block[]): Promise<Reference[]> {
  const found = blocks.flatMap((block) => textsIn(block.body).flatMap(({ path, text }) => expressionsIn(text).map((expression) => ({ block, path, expression }))))
  const named = await Promise.all(found.map(async ({ block, path, expression }) => (await referencesIn(expression)).map((name) => ({ block, path, name }))))
  return named.flat()
}

/** Names of the blocks that repeat within a block: `fields` of `dynamic "fields"`. */
function iteratorsOf(block: Block): string[] {
  return JSON.stringify(block.body).split('"dynamic":').slice(1).map((text) => /"(\w+)"/.exec(text)?.[1] ?? '')
}

/** What is wrong with the blocks, each a sentence. */
async function faultsOf(blocks: readonly Block[], scope: Scope): Promise<string[]> {
  const references = await allReferences(blocks)
  const used = new Set(references.map(({ name }) => name.split('.').slice(0, 2).join('.')))
  const idle = blocks.filter(({ kind, name }) => (kind === 'variable' && !used.has(`var.${name}`)) || (kind === 'local' && !used.has(`local.${name}`)))
  return [
    ...references.filter(({ block, name, path }) => isOurs(name, block) && !leads(name, { block, path }, blocks, scope)).map(({ block, name, path }) => `${block.file}: ${block.type}.${block.name}: ${path}: nothing is called ${name}.`),
    ...idle.map(({ file, kind, name }) => `${file}: nobody uses ${kind === 'variable' ? 'var' : 'local'}.${name}: take it out.`),
  ]
}

/** What is bound within an expression (`for name in`) is not ours, nor are the attributes of the block itself in `lifecycle`. */
function isOurs(name: string, block: Block): boolean {
  const [root = ''] = name.split('.')
  if (iteratorsOf(block).includes(root)) return false
  return !FREE.test(name) && name.includes('.') && !/^(?:bundle|build_config|service_config)\b/.test(name)
}

function leads(name: string, { block, path }: { block: Block; path: string }, blocks: readonly Block[], scope: Scope): boolean {
  const [root = '', second = '', third = ''] = name.split('.')
  if (path.startsWith('lifecycle.0.ignore_changes')) return true
  if (root === 'var') return blocks.some((one) => one.kind === 'variable' && one.name === second)
  if (root === 'local') return second === 'cloud' ? valueOf(name, scope) !== undefined : blocks.some((one) => one.kind === 'local' && one.name === second)
  if (root === 'data') return blocks.some((one) => one.kind === 'data' && one.type === second && one.name === third)
  if (root === 'each') return block.body['for_each'] !== undefined && entriesOf(block, scope).every((value) => valueOf(name, { each: { key: '', value } }) !== undefined)
  return blocks.some((one) => one.kind === 'resource' && one.type === root && one.name === second)
}

/** What each thing of a block is told by; none when it is made once, or of words only. */
function entriesOf({ body }: Block, scope: Scope): Value[] {
  const name = /local\.cloud\.\w+/.exec(String(body['for_each']))?.[0]
  const things = name === undefined ? undefined : valueOf(name, scope)
  if (things === undefined || things === null || typeof things !== 'object') return body['for_each'] === undefined ? [] : ['word']
  return Object.values(things) as Value[]
}

let blocks: Block[] = []
let scope: Scope = {}

beforeAll(async () => {
  blocks = await readBlocks()
  scope = await scopeOf(blocks, 'prod')
})

const cloud = (): Body => (scope['local'] as { cloud: Body }).cloud

describe('does', () => {
  test.each(hclFiles())('%s is HCL with something in it', async (file) => {
    expect((await readBlocks([file])).length).toBeGreaterThan(0)
  })

  test('every name leads to what is declared, and in every entry of generated.json there is what is asked of it', async () => {
    expect(await faultsOf(blocks, scope)).toEqual([])
  })

  test('what is made for each of many is named with a key that exists, for every single one', () => {
    const instances = instancesOf(blocks, scope)
    const addresses = new Set(instances.map(({ address }) => address))
    const many = new Set(blocks.filter(({ body }) => body['for_each'] !== undefined).map(({ type, name }) => `${type}.${name}`))
    const stray = instances.flatMap(({ address, values }) => textsIn(values).filter(({ path }) => !path.startsWith('depends_on')).flatMap(({ text }) => [
      ...[...text.matchAll(/(google_\w+\.\w+)\["([^"]+)"\]/g)].map((match) => match[0]).filter((named) => !addresses.has(named)),
      ...[...text.matchAll(/(google_\w+\.\w+)\.\w+/g)].map((match) => match[1] ?? '').filter((named) => many.has(named)),
    ].map((named) => `${address} names ${named}`)))
    expect(stray).toEqual([])
  })

  test('all of generated.json is made something of', () => {
    const hcl = blocks.map(({ body }) => JSON.stringify(body)).join('\n')
    expect(Object.keys(cloud()).filter((key) => !new RegExp(`local\\.cloud\\.${key}\\b`).test(hcl))).toEqual([])
  })

  test.each(ENVIRONMENTS)('%s: every variable is given or has a default, and no function lacks a secret or a setting', async (environment) => {
    const own = await scopeOf(blocks, environment)
    const given = own['var'] as Record<string, Body>
    const variables = blocks.filter(({ kind }) => kind === 'variable').map(({ name }) => name)
    expect(variables.filter((name) => given[name] === undefined)).toEqual([])
    expect(Object.keys(given).filter((name) => !variables.includes(name))).toEqual([])
    const functions = cloud()['functions'] as Record<string, { secrets_required: string[]; settings_required: string[] }>
    const missing = Object.values(functions).flatMap(({ secrets_required: secrets, settings_required: settings }) => [
      ...secrets.filter((name) => given['secret_versions']?.[name] === undefined), ...settings.filter((name) => given['settings']?.[name] === undefined),
    ])
    expect([...new Set(missing)].map((name) => `infra/google/environments/${environment}.tfvars: give ${name}.`)).toEqual([])
  })
})

describe('refuses', () => {
  const TOPIC = 'resource "google_pubsub_topic" "topic" {\n  for_each = toset(local.cloud.topics)\n  name = each.value\n}\n'
  const read = async (text: string): Promise<Block[]> => blocksIn('test.tf', (await parse('test.tf', text)) as never)
  const small: Scope = { local: { cloud: { topics: ['mails'], subscriptions: { one: { topic: 'mails', filter: '' }, other: { topic: 'mails' } } } } }

  test('nothing of what is well', async () => {
    const text = `${TOPIC}variable "region" {}\nresource "google_x" "one" {\n  region = var.region\n  topic = google_pubsub_topic.topic["mails"].id\n}\n`
    expect(await faultsOf(await read(text), small)).toEqual([])
  })

  test.each([
    ['nothing is called var.zone', 'resource "google_x" "one" {\n  zone = var.zone\n}\n'],
    ['nothing is called local.cloud.queues', 'resource "google_x" "one" {\n  for_each = local.cloud.queues\n}\n'],
    ['nothing is called google_pubsub_topic.dead.id', `${TOPIC}resource "google_x" "one" {\n  topic = google_pubsub_topic.dead.id\n}\n`],
    ['nothing is called data.google_project.this.number', 'resource "google_x" "one" {\n  number = "p-${data.google_project.this.number}"\n}\n'],
    ['nothing is called each.value.filter', 'resource "google_x" "one" {\n  for_each = local.cloud.subscriptions\n  filter = each.value.filter\n}\n'],
    ['nothing is called each.key', 'resource "google_x" "one" {\n  name = "a-${each.key}"\n}\n'],
    ['nobody uses var.region', 'variable "region" {}\n'],
    ['nobody uses local.labels', 'locals {\n  labels = { a = 1 }\n}\n'],
  ])('%s', async (fault, text) => {
    const wrong = await faultsOf(await read(text), small)
    expect(wrong.join('\n')).toContain(fault)
  })

  test('what is no HCL', async () => {
    await expect(parse('test.tf', 'resource "google_x" "one" {')).rejects.toThrow()
  })
})
