/**
 * The document is true: whatever is asked, by whomever, is answered as it says. Every operation is asked with what it
 * wants, with what is just allowed and with what is broken, all from one seed.
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OpenApi } from '../../infra/build/openapi.ts'
import { readExamples } from '../../infra/build/examples.ts'
import { Answers } from './answers.ts'
import { fuzz } from './fuzz.ts'
import { openFurnished, type Furnished } from './ground.ts'

/** In all, however many operations there are: some five seconds of a processor. `npm run test:fuzz` asks more. */
const REQUESTS = 330
const SEED = 20_261_130

const document = JSON.parse(readFileSync(new URL('../../infra/hosting/openapi.json', import.meta.url), 'utf8')) as OpenApi
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))

let furnished: Furnished
beforeAll(async () => {
  furnished = await openFurnished()
}, 120_000)
afterAll(() => furnished.shop.cloud.stop())

describe('does', () => {
  test('answer every operation as documented, whatever is sent, and never with a 5xx', { timeout: 240_000 }, async () => {
    const { asked, good, faults } = await fuzz(furnished, { document, requests: Math.ceil(REQUESTS / operations.length), seed: SEED })
    expect(faults).toEqual([])
    expect(asked).toBeGreaterThanOrEqual(REQUESTS)
    // Otherwise all that was tried is how things are refused.
    expect(good.length).toBeGreaterThan(operations.length / 2)
  })

  test('hand the document to anybody, from a page anywhere', async () => {
    const answer = await furnished.shop.guest().get('/openapi.json')
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('access-control-allow-origin')]).toEqual([200, 'application/json; charset=utf-8', '*'])
    expect(answer.body).toEqual(document)
  })
})

describe('refuses', () => {
  const answers = new Answers(document)
  const cart = readExamples()['showCart']?.answer as { cart: object }

  test('nothing of what is well', () => {
    expect(answers.faultsOf('showCart', 200, cart)).toEqual([])
  })

  test.each<[string, number, unknown]>([
    ['a field that is not documented', 200, { ...cart, cart: { ...cart.cart, owner: 'ann' } }],
    ['one beside it', 200, { ...cart, owner: 'ann' }],
    ['a field that is missing', 200, { ...cart, cart: { ...cart.cart, total: undefined } }],
    ['a field of another type', 200, { ...cart, cart: { ...cart.cart, total: '8.25' } }],
    ['a status that is not documented', 418, cart],
    ['a code of another status', 404, { success: false, error: 'No.', code: 'CONFLICT', retryable: false, timestamp: '2026-11-20T12:03:40.448Z' }],
    ['a page where JSON is promised', 200, '<html>'],
  ])('%s', (_, status, answer) => {
    expect(answers.faultsOf('showCart', status, JSON.parse(JSON.stringify(answer)))).not.toEqual([])
  })
})
