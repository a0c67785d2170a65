/** What is kept of a customer, as he and staff are shown it: cards, age, exemption from tax, how he was forgotten. */
import { z } from 'zod'
import { countShown, dayShown, listOf, momentShown } from '#values/shown.ts'
import { GatewayShown, nextActionShown } from './order.ts'

export const CardShown = z
  .object({
    id: z.string(),
    gateway: GatewayShown,
    state: z.enum(['storing', 'requires_action', 'stored', 'removing', 'removed', 'failed']),
    brand: z.string().nullable(),
    last4: z.string().nullable(),
    expiryMonth: z.int().nullable(),
    expiryYear: z.int().nullable(),
    declineCode: z.string().optional(),
    createdAt: momentShown,
  })
  .meta({ id: 'Card' })
export type CardShown = z.input<typeof CardShown>

/** The customer's bank wants to see him first. */
export const CardWaitsShown = z.object({ card: CardShown, clientSecret: z.string().optional(), nextAction: nextActionShown.optional() })

export const AgeStatusShown = z
  .object({
    verified: z.boolean(), ageVerified: z.boolean(), verifiedAt: momentShown.nullable(), expiresAt: momentShown.nullable(), renewalDue: z.boolean(),
  })
  .meta({ id: 'AgeStatus' })
export type AgeStatusShown = z.input<typeof AgeStatusShown>

export const AgeCheckShown = z.union([
  z
    .object({
      verified: z.literal(true), verificationId: z.string(), method: z.enum(['full_verification', 'cache']), age: countShown, state: z.string(),
      verifiedAt: momentShown, expiresAt: momentShown,
    })
    .meta({ id: 'AgeVerified' }),
  z.object({ verified: z.literal(false), reason: z.string() }).meta({ id: 'AgeRefused' }),
])

export const ExemptionShown = z
  .object({
    customerId: z.string(),
    states: listOf(z.string()).describe('Empty: all.'),
    validThrough: dayShown,
    revokedAt: momentShown.nullable(),
    updatedAt: momentShown,
    certificate: z.string().optional().describe('For admins only.'),
  })
  .meta({ id: 'TaxExemption' })
export type ExemptionShown = z.input<typeof ExemptionShown>

const CertificateShown = z
  .object({
    id: z.string(),
    version: countShown,
    shop: z.string(),
    customerId: z.string(),
    requestedAt: momentShown,
    erasedAt: momentShown,
    stores: listOf(
      z.object({
        store: z.string(), done: z.enum(['destroyed', 'deleted', 'anonymised', 'expires', 'kept']), about: z.string(), records: countShown.nullable(),
      }),
    ),
  })
  .meta({ id: 'ErasureCertificate' })

export const ErasureShown = z.object({
  erasure: z
    .object({
      customerId: z.string(),
      state: z.enum(['running', 'done']),
      requestedBy: z.string(),
      reason: z.string(),
      requestedAt: momentShown,
      waitsFor: listOf(z.object({ store: z.string(), records: countShown })),
    })
    .meta({ id: 'Erasure' }),
  certificate: CertificateShown.nullable(),
  algorithm: z.literal('Ed25519').optional(),
  publicKey: z.string().optional(),
  signature: z.string().optional(),
})
export type ErasureShown = z.input<typeof ErasureShown>
