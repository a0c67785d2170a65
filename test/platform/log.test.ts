/**
 * What reaches the platform's log, read where the platform reads it: the standard output of a process that logs.
 *
 * Secrets and persons are planted wherever a careless caller could put them. The looks of real keys are put together
 * here, so that no scanner takes this file for a leak.
 */
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const claims = `${encoded({ alg: 'HS256' })}.${encoded({ sub: 'cus_1', role: 'admin' })}`
/** Unlike any other, so that a leak says which value it is. */
const random = (seed: string) => createHmac('sha256', 'planted').update(seed).digest('hex').slice(0, 24)

const PLANTED = {
  jwt: `${claims}.${createHmac('sha256', 'planted').update(claims).digest('base64url')}`,
  stripeKey: ['sk', 'live', random('stripe key')].join('_'),
  stripeWebhookSecret: ['whsec', random('webhook')].join('_'),
  stripeClientSecret: ['pi', '3Q7w2E9r4T', 'secret', random('client')].join('_'),
  resendKey: ['re', random('resend')].join('_'),
  squareToken: `EAAA${random('square')}${random('access')}`,
  googleToken: `ya29.${random('google')}`,
  privateKey: `-----BEGIN PRIVATE KEY-----\n${random('pem')}\n-----END PRIVATE KEY-----`,
  card: '4242424242424242',
  spacedCard: '3782 822463 10005',
  dashedCard: '5555-5555-5555-4444',
  email: 'jane.shopper+hemp@mail.example.com',
  basic: `Basic ${Buffer.from(`user:${random('basic')}`).toString('base64')}`,
}
type Planted = typeof PLANTED
/** A name cannot be told from other words: only the field tells. */
const PERSON = 'Jane Q. Shopper'

/** What must stay readable: none of it is secret. */
const FACTS = {
  function: 'check-out', requestId: 'req-1', orderId: 'ord_4f7kd0qw8m2x5y1z3r6t9v0b7n', transactionId: 'pi_3Q7w2E9r4T',
  tally: { saved: 3, refused: 0 }, ok: true, none: null, atMs: 1795175272288,
}

/** Runs where the logger is real and alone: every way to log each planted value. */
const PROGRAM = `
import { log } from '#platform/log.ts'
import { Failure } from '#values/failure.ts'
const { planted, person, facts } = JSON.parse(process.argv[1])
for (const [what, secret] of Object.entries(planted)) {
  const around = 'before ' + secret + ' after'
  log.info('message ' + around)
  log.info('alone', { note: secret })
  log.info('text', { note: around, url: 'https://x.example/cb?state=' + secret + '&x=1' })
  log.info('nested', { a: { b: [{ c: around }, [around]] } })
  log.info('key', { [secret]: 1, deep: { [around]: true } })
  log.info('json', { body: JSON.stringify({ note: secret, list: [secret] }) })
  log.warn('bytes', { raw: Buffer.from(around), view: new Uint8Array(Buffer.from(around)) })
  log.warn('collections', { map: new Map([[secret, around]]), set: new Set([secret]) })
  log.error('error ' + around, new Error(around, { cause: new Error(around) }))
  const failure = new Failure('INTERNAL_ERROR', { reason: around, details: { note: around }, cause: around })
  log.error('failure', failure, { why: around })
  log.error('thrown text', around)
  log.error('thrown object', { note: around }, { error: new Error(around), err: new Error(around) })
  const laden = Object.assign(new Error('plain'), { response: around })
  log.error('own fields', laden, { laden })
}
const fields = ['name', 'fullName', 'full_name', 'firstName', 'last_name', 'customerName', 'cardholder_name', 'recipientName']
for (const field of fields) {
  log.info('person', { [field]: person, order: { billing_details: { [field]: person }, lines: [{ [field]: person }] } })
}
log.info('person', { shipping: { name: person, phone: '+1 512 555 0100', address: { line1: person } }, billing_details: person })
log.info('secrets by field', {
  apiKey: 'plain-1', API_KEY: 'plain-2', password: 'plain-3', headers: { authorization: 'plain-4', cookie: 'plain-5' },
  cvc: 123, pin: { token: 'plain-6' },
})
log.info('numbers', { card: 4242424242424242, big: 4242424242424242n, nested: [4242424242424242] })
log.info('facts', facts)
log.warn('careful')
log.error('broken', new Error('disk is full'), { function: 'check-out', code: 'INTERNAL_ERROR' })
const circle = { name: 'x' }
circle.self = circle
log.info('circle', { circle, at: new Date(0), never: new Date(NaN) })
const worn = new Error('worn out')
worn.cause = worn
log.error('worn', worn)
log.error('settling failed', new Error('charged, not settled', { cause: new TypeError('no route to the store') }))
const body = '{"name":"' + person + '","note":"body of a stranger"}'
console.error(Object.assign(new SyntaxError('Unexpected token in ' + body), { status: 400, type: 'entity.parse.failed', body }))
console.error(new Error('the framework stumbled'), 'and says more')
log.error('thrown plainly', { code: 14 })
log.error('thrown nothing', undefined)
`

interface Line {
  readonly text: string
  readonly fields: Record<string, unknown>
}

let output = ''
let lines: Line[] = []

beforeAll(() => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const given = JSON.stringify({ planted: PLANTED, person: PERSON, facts: FACTS })
  output = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM, given], { cwd: root, encoding: 'utf8' })
  lines = output.trimEnd().split('\n').map((text) => ({ text, fields: JSON.parse(text) as Record<string, unknown> }))
})

function saying(message: string): Record<string, unknown> {
  const found = lines.find(({ fields }) => fields['message'] === message)
  if (found === undefined) throw new Error(`nothing says "${message}"`)
  return found.fields
}

describe('does', () => {
  test('every entry is one line of JSON with the field names that Google reads', () => {
    const { severity, message, time } = saying('facts')
    expect([severity, message]).toEqual(['INFO', 'facts'])
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(saying('careful')['severity']).toBe('WARNING')
    expect(saying('broken')['severity']).toBe('ERROR')
    expect(lines.filter(({ fields }) => ['level', 'msg', 'pid', 'hostname'].some((name) => name in fields))).toEqual([])
    const wanted = ['message', 'severity', 'time']
    expect(lines.filter(({ fields }) => !wanted.every((name) => typeof fields[name] === 'string'))).toEqual([])
  })

  test('facts stay readable', () => {
    const { severity: _severity, message: _message, time: _time, ...facts } = saying('facts')
    expect(facts).toEqual(FACTS)
    expect(saying('circle')['at']).toBe('1970-01-01T00:00:00.000Z')
  })

  test('an error comes with its stack, as Error Reporting groups it', () => {
    expect(saying('broken')).toMatchObject({ function: 'check-out', code: 'INTERNAL_ERROR' })
    expect(saying('broken')['stack_trace']).toMatch(/^Error: disk is full\n +at /)
    const both = /^Error: charged, not settled\n +at [^]*\nCaused by: TypeError: no route to the store\n +at /
    expect(saying('settling failed')['stack_trace']).toMatch(both)
    expect(saying('printed by the framework')['stack_trace']).toMatch(/^Error: the framework stumbled\n/)
    expect(saying('thrown plainly')['stack_trace']).toBe('{"code":14}')
  })

  test('what stands around something masked can still be read', () => {
    const readable = lines.filter(({ fields }) => fields['message'] === 'message before [masked] after')
    expect(readable).toHaveLength(Object.keys(PLANTED).length)
  })
})

describe('refuses', () => {
  test.each(Object.keys(PLANTED) as Array<keyof Planted>)('to print the %s, wherever it was put', (what) => {
    const secret = PLANTED[what]
    const forms = [secret, JSON.stringify(secret).slice(1, -1), secret.slice(Math.floor(secret.length / 2), -2)]
    expect(lines.filter(({ text }) => forms.some((form) => text.includes(form))).map(({ text }) => text)).toEqual([])
  })

  test('to print a person, where the field says that it is one', () => {
    const leaks = lines.filter(({ text }) => /Jane|Shopper|512 555/.test(text))
    expect(leaks.map(({ text }) => text)).toEqual([])
  })

  test('to print what stands in a field for secrets', () => {
    const headers = { authorization: '[masked]', cookie: '[masked]' }
    expect(saying('secrets by field')).toMatchObject({ apiKey: '[masked]', cvc: '[masked]', headers })
    expect(output).not.toMatch(/plain-\d/)
  })

  test('to print a card number that is a number', () => {
    const { card, big, nested } = saying('numbers')
    expect([card, big, nested]).toEqual(['[masked]', '[masked]', ['[masked]']])
  })

  test('to print the body of a request that the framework could not read', () => {
    expect(saying('a request could not be read')).toMatchObject({ severity: 'INFO', status: 400, why: 'entity.parse.failed' })
    expect(output).not.toContain('body of a stranger')
  })

  test('to print bytes', () => {
    const { raw, view } = saying('bytes')
    expect([raw, view].join()).toMatch(/^\[\d+ bytes\],\[\d+ bytes\]$/)
  })
})

describe('survives', () => {
  test('values that refer to themselves, and errors that are no errors', () => {
    expect(saying('circle')).toMatchObject({ circle: { name: '[masked]' }, never: null })
    expect(saying('worn')['stack_trace']).toMatch(/^Error: worn out/)
    expect(saying('thrown nothing')['severity']).toBe('ERROR')
  })
})
