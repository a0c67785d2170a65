/** The filter grammar: what each form lets through, and what the real service would not take. */
import { describe, expect, test } from 'vitest'
import { compileFilter } from '../../../../infra/local/pubsub/filter.ts'

const attributes = { type: 'order.paid', domain: 'com', 'iana.org/language_tag': 'en', 'ce-type': 'x', quoted: 'a"b\n' }

describe('does', () => {
  test.for([
    ['', true],
    ['attributes:domain', true],
    ['attributes:nothing', false],
    ['NOT attributes:nothing', true],
    ['-attributes:domain', false],
    ['- attributes:domain', false],
    ['attributes.domain = "com"', true],
    ['attributes.domain="Com"', false],
    ['attributes.domain != "org"', true],
    ['attributes.domain != "com"', false],
    ['attributes.nothing != "com"', true],
    ['attributes.nothing = ""', false],
    ['attributes.toString = "x"', false],
    ['attributes:constructor', false],
    ['attributes.ce-type = "x"', true],
    ['attributes."iana.org/language_tag" = "en"', true],
    ['attributes:"iana.org/language_tag"', true],
    ['attributes.quoted = "a\\"b\\n"', true],
    ['attributes.domain = "\\u0063\\x6f\\155"', true],
    ['hasPrefix(attributes.type, "order.")', true],
    ['hasPrefix( attributes.type ,"refund." )', false],
    ['hasPrefix(attributes.nothing, "")', false],
    ['NOT hasPrefix(attributes.type, "order.") AND attributes:domain', false],
    ['attributes:domain AND attributes.type = "order.paid" AND attributes:quoted', true],
    ['attributes.domain = "org" OR attributes.domain = "com"', true],
    ['(attributes:nothing OR attributes:domain) AND NOT (attributes.type = "order.made")', true],
    ['NOT (attributes:domain AND attributes:nothing)', true],
  ] as const)('%s is %s', ([expression, expected]) => {
    expect(compileFilter(expression)(attributes)).toBe(expected)
  })
})

describe('refuses', () => {
  test.for([
    ['attributes:a AND attributes:b OR attributes:c'],
    ['attributes:a OR attributes:b AND attributes:c'],
    ['attributes.a = unquoted'],
    ["attributes.a = 'single'"],
    ['attributes.a > "1"'],
    ['attributes.a'],
    ['attributes'],
    ['attribute.a = "x"'],
    ['attributes.a = "x" attributes.b = "y"'],
    ['attributes:a AND'],
    ['attributes:a and attributes:b'],
    ['AND attributes:a'],
    ['NOT NOT attributes:a'],
    ['(attributes:a'],
    ['attributes:a)'],
    ['hasPrefix(attributes.a "x")'],
    ['hasPrefix(attributes:a, "x")'],
    ['hasSuffix(attributes.a, "x")'],
    ['attributes.a.b = "x"'],
    ['attributes.iana.org/x = "en"'],
    ['attributes.a = "open'],
    ['data = "x"'],
    [`attributes.a = "${'x'.repeat(256)}"`],
  ] as const)('%s', ([expression]) => {
    expect(() => compileFilter(expression)).toThrow(expect.objectContaining({ code: 3 }))
  })
})
