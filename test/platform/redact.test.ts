/** Masking: what may not be written down is masked wherever it hides. Every secret here is made up. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redact, redactText } from '#platform/redact.ts'

const CARD = '4242424242424242'
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjdXN0LTEifQ.c2lnbmF0dXJl-_x'
/** Each with the part that must never be seen. */
const plants: ReadonlyArray<readonly [string, string, string]> = [
  ['a Stripe key', 'sk_test_51Habcdefgh', '51Habcdefgh'], ['a restricted key', 'rk_live_51Habcdefgh', '51Habcdefgh'],
  ['a webhook secret', 'whsec_abc/def+123=', 'abc/def+123'],
  ['a Resend key', 're_AbCdEfGh_123456', 'AbCdEfGh'], ['a client secret', 'pi_3Abc_secret_Xyz789', 'Xyz789'],
  ['a token', JWT, 'c2lnbmF0dXJl'],
  ['a bearer header', `Bearer abc.def-ghi`, 'abc.def-ghi'], ['a basic header', 'Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  ['an address', 'jo.doe+shop@mail.example', 'jo.doe'],
  ['an address in brackets', 'Jo <jo@mail.example>', 'jo@'], ['a card', CARD, CARD],
  ['a card in fours', '4242 4242 4242 4242', '4242 4242'],
  ['a card and its expiry', `${CARD} 12/29`, CARD],
  ['an address in a URL', 'https://x.example/u?e=jo@mail.example&a=1', 'jo@mail'],
]

describe('does', () => {
  test.each(plants)('masks %s in a sentence', (_what, planted, hidden) => {
    const masked = redactText(`it failed for ${planted}, sorry`)
    expect(masked).toContain('[masked]')
    expect(masked).not.toContain(hidden)
    expect(masked).toMatch(/^it failed for .*sorry$/)
  })

  test.each(plants)('masks %s in nested lists and objects, field names, errors and stacks', (_what, planted, hidden) => {
    const error = new Error(`refused: ${planted}`)
    const text = JSON.stringify(redact([
      { deep: { list: [planted, { note: `x ${planted}` }], [`by ${planted}`]: 1 } }, error, { error },
    ]))
    expect(text).not.toContain(hidden)
    expect(text).toContain('[masked]')
  })

  test.each([
    'password', 'token', 'accessToken', 'refresh_token', 'client_secret', 'clientSecret', 'apiKey', 'api_key', 'Authorization',
    'stripe-signature', 'set-cookie', 'cvc', 'email',
    'name', 'firstName', 'last_name', 'given_name', 'family_name', 'phone', 'address', 'line1', 'postal_code', 'date_of_birth',
    'receipt_email', 'billing_details',
  ])('masks the field %s whatever its value is', (field) => {
    for (const value of [
      'anything', 7, ['a'], { inner: 'b' },
    ]) expect(redact({ [field]: value })).toEqual({ [field]: '[masked]' })
  })

  test('masks a card number that is a number', () => {
    expect(JSON.stringify(redact({ a: [Number(CARD)], b: { c: Number(CARD) } }))).not.toContain(CARD)
  })

  test('keeps everything else as it was', () => {
    const facts = {
      orderId: 'ord_0123456789abcdefghjkmnpqrs', count: 3, ok: true, none: null, amount: 10_825, at: '2026-11-02T12:00:00.000Z',
      atMs: 1_793_620_800_000, nested: { list: ['a', 1, false] },
      transactionId: 'pi_3Abc', tokenKnown: true, password: null,
    }
    expect(redact(facts)).toEqual(facts)
  })

  test('changes nothing in what it was given', () => {
    const facts = { email: 'jo@mail.example', list: [{ token: 'x' }] }
    const before = structuredClone(facts)
    redact(facts)
    expect(facts).toEqual(before)
  })

  test('ends with what has no end', () => {
    const loop: Record<string, unknown> = { a: 1 }
    loop['self'] = loop
    expect(JSON.stringify(redact(loop))).toContain('[deep]')
  })

  test('an address between any words never gets through', () => {
    const word = fc.stringMatching(/^[a-z0-9.+_-]{1,12}$/)
    const host = fc.stringMatching(/^[a-z0-9]{1,10}$/)
    fc.assert(fc.property(word, host, fc.string(), fc.string(), (local, domain, before, after) => {
      expect(redactText(`${before} ${local}@${domain}.example ${after}`)).not.toContain(`${local}@${domain}.example`)
    }))
  })
})

describe('survives', () => {
  test.each([
    ['letters', 'a'], ['digits', '4'], ['points', 'a.'], ['half tokens', 'eyJ-'], ['half addresses', 'a@'],
  ])('two hundred thousand characters of %s in no time', (_what, unit) => {
    const startedAt = performance.now()
    redactText(unit.repeat(200_000 / unit.length))
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})
