/** Validation: each fault names its field and the rule, what is not known is refused, and nothing is repeated back. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { validated } from '#entry/validate.ts'
import { Failure } from '#values/failure.ts'
import { cursorField, emailField, idField, limitField } from '#values/schema.ts'

const Line = z.strictObject({ productId: idField, quantity: z.number().int().min(1) })
const Body = z.strictObject({ email: emailField, cart: z.array(Line).optional(), note: z.string().trim().default('none') })

function fields(input: unknown, where = 'body'): Array<{ field: string; rule: string }> {
  try {
    validated(Body, input, where)
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'INVALID_INPUT') throw error
    return (error.details as { fields: Array<{ field: string; rule: string }> }).fields
  }
  throw new Error('nothing was refused')
}
const named = (input: unknown): string[] => fields(input).map(({ field }) => field)

describe('does', () => {
  test('gives back what the schema made of it', () => {
    expect(validated(Body, { email: 'jo@mail.example', note: ' hi ' }, 'body')).toEqual({ email: 'jo@mail.example', note: 'hi' })
    expect(validated(Body, { email: 'jo@mail.example' }, 'body').note).toBe('none')
  })

  test.each([
    [{}, ['email']], [{ email: 'jo' }, ['email']],
    [{ email: 'jo@mail.example', cart: [{ productId: '../x', quantity: 0 }] }, ['cart.0.productId', 'cart.0.quantity']],
    [{ email: 'jo@mail.example', cart: {} }, ['cart']], [{ email: 'jo@mail.example', extra: 1, other: 2 }, ['extra', 'other']],
    [{ email: 'jo@mail.example', cart: [{ productId: 'a', quantity: 1, price: 1 }] }, ['cart.0.price']],
    [null, ['body']], [[], ['body']], ['text', ['body']], [undefined, ['body']],
  ])('names what is wrong in %j: %j', (input, wrong) => {
    expect(named(input)).toEqual(wrong)
  })

  test('says the first fault in the sentence, and the rule of each', () => {
    expect(() => validated(Body, { email: 'jo@mail.example', extra: 1 }, 'body')).toThrow('extra: is not known here')
    for (const { rule } of fields({ cart: [{ quantity: 'x' }] })) expect(rule.length).toBeGreaterThan(5)
  })

  test.each([[undefined, 20], ['1', 1], ['100', 100]])('a list limit of %s is %i', (given, limit) => {
    expect(limitField(20, 100).parse(given)).toBe(limit)
  })
})

describe('refuses', () => {
  test.each(['0', '101', '-1', '1.5', 'many', ''])('a list limit of "%s"', (limit) => {
    expect(limitField(20, 100).safeParse(limit).success).toBe(false)
  })

  test.each([
    '', 'jo', 'jo@', '@mail.example', 'jo@mail', 'jo doe@mail.example', `${'a'.repeat(250)}@mail.example`,
    'jo@mail.example\nbcc: all@mail.example',
  ])('the address %j', (email) => {
    expect(emailField.safeParse(email).success).toBe(false)
  })

  test.each(['', 'x'.repeat(501)])('a cursor of the wrong length', (cursor) => {
    expect(cursorField.safeParse(cursor).success).toBe(false)
  })

  test('to list more than twenty faults, or a field name without end', () => {
    expect(fields({ email: 'jo@mail.example', cart: Array.from({ length: 50 }, () => ({})) })).toHaveLength(20)
    expect(Math.max(...named({ email: 'jo@mail.example', ['x'.repeat(5000)]: 1 }).map((name) => name.length))).toBe(200)
  })

  test('to repeat what was sent', () => {
    const secret = 'hunter2-hunter2'
    expect(JSON.stringify(fields({
      email: secret, cart: [{ productId: `/${secret}`, quantity: secret }], note: { secret },
    }))).not.toContain('hunter2-')
  })

  test('a name that would reach into the object itself', () => {
    expect(named(JSON.parse('{"email":"jo@mail.example","__proto__":{"admin":true}}'))).toEqual(['__proto__'])
    expect(named({ email: 'jo@mail.example', constructor: 1 })).toEqual(['constructor'])
  })
})
