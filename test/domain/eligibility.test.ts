/** Who may buy: of age where the goods ask for it, and members first where the shop says so. */
import { describe, expect, test } from 'vitest'
import { NO_MEMBERSHIP, refuseIneligible, UNVERIFIED, type AgeAnswer } from '#domain/eligibility.ts'
import type { Product } from '#domain/product.ts'
import { Failure } from '#values/failure.ts'
import { NOW_MS, product } from './given.ts'

const VERIFIED: AgeAnswer = { verified: true }
const member = (tier: string | null) => ({ tier, discountPercent: 0 })

function refusal(products: readonly Product[], age: AgeAnswer, tier: string | null): Failure | undefined {
  try {
    refuseIneligible(products, age, member(tier), NOW_MS)
    return undefined
  } catch (error) {
    return error as Failure
  }
}

describe('does', () => {
  test.each([
    ['nothing is restricted', {}, UNVERIFIED], ['the buyer is verified', { ageRestricted: true }, VERIFIED],
  ] as const)('lets anybody buy when %s', (_when, wanted, age) => {
    expect(refusal([product(wanted)], age, NO_MEMBERSHIP.tier)).toBeUndefined()
  })

  test.each([
    ['BRONZE', 'BRONZE'], ['BRONZE', 'GOLD'], ['SILVER', 'GOLD'], ['GOLD', 'GOLD'], ['gold', 'GOLD'],
  ])('lets a member buy what is for %s: %s', (minTier, tier) => {
    expect(refusal([product({ minTier })], UNVERIFIED, tier)).toBeUndefined()
  })

  test('lets everybody buy when the time of the members is over, to the millisecond', () => {
    expect(refusal([product({ minTier: 'GOLD', earlyAccessUntilMs: NOW_MS })], UNVERIFIED, null)).toBeUndefined()
    expect(refusal([product({ minTier: 'GOLD', earlyAccessUntilMs: NOW_MS + 1 })], UNVERIFIED, null)?.code).toBe('FORBIDDEN')
  })
})

describe('refuses', () => {
  test('restricted goods to a buyer whose age nobody has verified, one such line being enough', () => {
    const failure = refusal([product(), product({ id: 'x', ageRestricted: true })], UNVERIFIED, 'GOLD')
    expect([failure?.code, failure?.details]).toEqual(['AGE_VERIFICATION_REQUIRED', { productId: 'x' }])
  })

  test.each([
    ['GOLD', 'SILVER'], ['GOLD', null], ['BRONZE', null], ['SILVER', 'BRONZE'], ['BRONZE', 'nothing known'],
  ])('goods for %s members to: %s', (minTier, tier) => {
    const failure = refusal([product(), product({ id: 'x', name: 'Reserve', minTier })], UNVERIFIED, tier)
    expect([failure?.code, failure?.message, failure?.details]).toEqual([
      'FORBIDDEN', `Reserve is for ${minTier} members.`, { productId: 'x', minTier },
    ])
  })

  test('goods for a tier that nobody knows to everybody: a typing error must not open them', () => {
    expect(refusal([product({ minTier: 'PLATINUM' })], UNVERIFIED, 'GOLD')?.code).toBe('FORBIDDEN')
  })

  test('early goods with the end of the wait in the sentence', () => {
    expect(refusal(
      [product({ minTier: 'GOLD', earlyAccessUntilMs: NOW_MS + 1000 })], UNVERIFIED, null,
    )?.message).toBe('Hemp Oil is for GOLD members until 2026-11-02T12:00:01.000Z.')
  })

  test('age before membership', () => {
    expect(refusal([product({ ageRestricted: true, minTier: 'GOLD' })], UNVERIFIED, null)?.code).toBe('AGE_VERIFICATION_REQUIRED')
  })
})
