/** What the shop says of itself: a document that others' tools can read, with nothing left out and nothing made up. */
import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { endpoint, route } from '#entry/endpoint.ts'
import type { Declaration } from '#entry/declaration.ts'
import { FAILURES } from '#values/failure.ts'
import { declarationsOf } from '../../../infra/build/declarations.ts'
import { readExamples } from '../../../infra/build/examples.ts'
import { openApi, type OpenApi, type OperationObject } from '../../../infra/build/openapi.ts'
import { operationsOf } from '../../../infra/build/operations.ts'
import { Answers } from '../../contract/answers.ts'

let declarations: Declaration[] = []
let document: OpenApi

beforeAll(async () => {
  declarations = declarationsOf(await import('#functions'))
  document = JSON.parse(readFileSync(new URL('../../../infra/hosting/openapi.json', import.meta.url), 'utf8'))
})

function operations(): Array<OperationObject & { readonly path: string; readonly method: string }> {
  return Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })))
}

const run = async () => ({})
const THING = endpoint({
  name: 'store-or-list-things', path: '/api/things/:shelfId', impact: 'No things.',
  POST: route({
    who: ['customer'], summary: 'Store a thing', status: 201, idempotent: true, fails: ['OUT_OF_STOCK'],
    body: z.strictObject({ a: z.string().optional(), b: z.string().optional() }).refine(({ a }) => a !== 'x', { path: ['a'], message: 'send a or b' }),
    reply: z.union([z.object({ one: z.literal(1) }), z.object({ two: z.literal(2) }).meta({ id: 'TwoOfTests' })]), also: { 202: z.object({ later: z.boolean() }) }, run,
  }),
  GET: route({ who: 'public', summary: 'Things', query: z.strictObject({ limit: z.coerce.number().int().min(1).max(9).default(5) }), reply: z.object({}), run }),
})

describe('does', () => {
  test('is OpenAPI 3.1, as others check it', async () => {
    const verdict = await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>)
    expect([verdict.valid, verdict.errors]).toEqual([true, undefined])
  })

  test('names every route of every function, and nothing else', () => {
    const wanted = declarations.flatMap((one) => {
      if (one.kind === 'webhook') return [`post ${one.path}`]
      return one.kind === 'endpoint' ? Object.keys(one.routes).map((method) => `${method.toLowerCase()} ${one.path.replace(/:(\w+)/g, '{$1}')}`) : []
    })
    expect(operations().map(({ method, path }) => `${method} ${path}`).sort()).toEqual(wanted.sort())
  })

  test('says of each who may call it', () => {
    const said = operationsOf(declarations).map(({ id, route: { who } }) => [id, who === 'public' ? undefined : who])
    const byId = new Map(operations().map((one) => [one.operationId, one]))
    expect(said.map(([id]) => [id, byId.get(String(id))?.['x-roles']])).toEqual(said)
    for (const one of operations()) expect([one.operationId, one.security]).toEqual([one.operationId, one['x-roles'] === undefined ? (one.security.length === 0 ? [] : [{}, { bearer: [] }]) : [{ bearer: [] }]])
  })

  test('lists every code, each under its own status', () => {
    expect(document.components.schemas['Failure']?.properties?.['code']?.enum).toEqual(Object.keys(FAILURES))
    for (const [name, { content }] of Object.entries(document.components['responses'] as Record<string, { content: Record<string, { examples: Record<string, { value: { code: string } }> }> }>)) {
      const codes = Object.keys(content['application/json']?.examples ?? {}) as Array<keyof typeof FAILURES>
      expect([name, new Set(codes.map((code) => FAILURES[code].status)).size]).toEqual([name, 1])
    }
  })

  test('has an example of each, and each is true to its schema', () => {
    const examples = readExamples()
    const answers = new Answers(document)
    const faults = Object.entries(examples).flatMap(([id, { path, query, body, status, answer }]) => [
      ...answers.faultsOfRequest(id, { path, query: query ?? {}, body }), ...answers.faultsOf(id, status, answer),
    ])
    expect(faults).toEqual([])
    const wanted = operationsOf(declarations).filter(({ route: { page } }) => page !== true).map(({ id }) => id)
    expect(wanted.filter((id) => examples[id] === undefined)).toEqual([])
  })

  test('says what a refinement demands, which no schema can', () => {
    const { paths } = openApi([THING], {}, '1')
    expect(paths['/api/things/{shelfId}']?.['post']?.requestBody?.content['application/json']?.schema.description).toBe('Rules: a: send a or b.')
  })

  test('puts every good answer into its envelope, whatever it is made of', () => {
    const responses = openApi([THING], {}, '1').paths['/api/things/{shelfId}']?.['post']?.responses ?? {}
    const schema = responses['201']?.content?.['application/json']?.schema
    expect(schema?.anyOf?.[0]).toEqual({
      type: 'object', properties: { success: { const: true }, one: { type: 'number', const: 1 }, timestamp: { $ref: '#/components/schemas/Moment' } }, required: ['success', 'one', 'timestamp'],
    })
    expect(schema?.anyOf?.[1]?.allOf?.[1]).toEqual({ $ref: '#/components/schemas/TwoOfTests' })
    expect(Object.keys(responses)).toEqual(['201', '202', '400', '401', '403', '404', '409', '413', '422', '429', '500', '503', '504'])
  })

  test('names the two routes of one function by its two verbs', () => {
    expect(operationsOf([THING]).map(({ id, method }) => `${method} ${id}`)).toEqual(['GET listThings', 'POST storeThing'])
  })
})

describe('refuses', () => {
  test('two operations of one name', () => {
    expect(() => operationsOf([THING, { ...THING, path: '/api/others' }])).toThrow('Two operations are called "listThings"')
  })

  test('two schemas of one name', () => {
    const other = endpoint({ name: 'get-other', path: '/api/other', impact: 'None.', GET: route({ who: 'public', summary: 'Other', reply: z.object({ other: z.iso.date().meta({ id: 'Failure' }) }), run }) })
    expect(() => openApi([other], {}, '1')).toThrow('Two schemas are called "Failure"')
  })
})
