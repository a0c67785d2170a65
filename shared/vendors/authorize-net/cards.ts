/**
 * Cards that the vendor keeps: for each a customer profile of its own, made together with it in one call.
 *
 * A profile carries a number that follows from the card's key, and the vendor refuses a second one with the same. So a
 * card is always looked for by that number before it is sent, and should the first call be under way still, the vendor
 * itself refuses the second. Two clicks have two numbers, also for one and the same card.
 */
import type { StoreCardOutcome, StoreCardRequest } from '#domain/payment.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { ask, patience, said, untold, type Answer, type Asked, type Fields, type Patience } from './api.ts'
import { NONCE_LIVES_MS, NONCE_REFUSED, opaque } from './charging.ts'
import { profileNumber, referenceTo, storedAs } from './reference.ts'
import { declineCode, unknownBy } from './transaction.ts'

const TRIES_MAX = 2
const CALLS_MAX = 2 * TRIES_MAX + 1

export function storeCard(request: StoreCardRequest): Promise<StoreCardOutcome> {
  return kept(request, NONCE_LIVES_MS, async (left, repeated) => {
    const paymentProfiles = [{ customerType: 'individual', payment: opaque(request.token) }]
    const profile = { ...profileOf(request), paymentProfiles, profileType: 'regular' }
    const refused = refusedIn(await ask('createCustomerProfileRequest', { profile, validationMode: 'liveMode' }, left))
    if (refused === undefined) return undefined
    if (refused.code === UNSUCCESSFUL) return refusedFor(validationReason(refused))
    if (!NONCE_REFUSED.test(refused.code)) return notTaken(refused)
    // It works once: perhaps this very card has used it.
    return repeated ? doubt(said(refused)) : { status: 'declined', declineCode: 'invalid_payment_token' }
  })
}

export function storePaying(request: StoreCardRequest, transactionId: string): Promise<StoreCardOutcome> {
  return kept(request, Infinity, async (left) => {
    const customer = profileOf(request)
    const refused = refusedIn(await ask('createCustomerProfileFromTransactionRequest', { transId: transactionId, customer }, left))
    if (refused === undefined) return undefined
    return refused.code === NOT_THERE ? { status: 'declined', declineCode: 'not_kept' } : notTaken(refused)
  })
}

/** Sends a card. What it means if the card is not there afterwards; undefined when it should be, or nobody knows. */
type Send = (left: Patience, repeated: boolean) => Promise<StoreCardOutcome | undefined>

/** Looks, sends, and looks again. */
async function kept(request: StoreCardRequest, sentWithinMs: number, send: Send): Promise<StoreCardOutcome> {
  const { CHARGE_DEADLINE_MS } = config('deadlines')
  const left = { endsAt: performance.now() + CHARGE_DEADLINE_MS, callMs: CHARGE_DEADLINE_MS / CALLS_MAX }
  let refused: StoreCardOutcome | undefined
  for (let tries = 0; ; tries++) {
    const seen = await searched(request.key, left)
    if (seen !== undefined) return seen
    if (refused !== undefined) return refused
    if (now() - request.createdAtMs > sentWithinMs) return { status: 'declined', declineCode: 'too_late' }
    if (tries === TRIES_MAX) return doubt('the card was sent, and is not there')
    refused = await send(left, tries > 0)
  }
}

function profileOf({ key, customerId, email }: StoreCardRequest): Fields {
  return { merchantCustomerId: profileNumber(key), description: customerId, email }
}

/** What the vendor does not like; undefined when the card is there now, was there before, or nobody knows. */
function refusedIn(asked: Asked): Answer | undefined {
  return asked.lost || asked.code.startsWith('I') || asked.code === TWIN ? undefined : asked
}

function notTaken(answer: Answer): StoreCardOutcome {
  return { status: 'unavailable', reason: said(answer), answered: true }
}

/** As other gateways call them, where that is not the vendor's word in small letters. */
const BRANDS: Readonly<Record<string, string>> = { AmericanExpress: 'amex', DinersClub: 'diners' }
const TWIN = 'E00039'
const UNSUCCESSFUL = 'E00027'
const NOT_THERE = 'E00040'

/** The third of the values, separated by commas, that the validation of a card answers. */
function validationReason({ fields }: Answer): string | undefined {
  const [values = ''] = (fields['validationDirectResponseList'] ?? []) as readonly string[]
  return values.split(',')[2]
}

/** A card that was validated a moment ago is not validated again: that says nothing against it. */
function refusedFor(reason: string | undefined): StoreCardOutcome {
  if (reason === '11') return { status: 'unavailable', reason: 'authorize.net: the card was validated a moment ago', answered: true }
  return { status: 'declined', declineCode: declineCode(reason) }
}

function doubt(reason: string): StoreCardOutcome {
  return { status: 'unknown', reason: `authorize.net: ${reason}`, answered: true }
}

interface Profile {
  readonly customerProfileId: string
  readonly paymentProfiles?: ReadonlyArray<{
    readonly customerPaymentProfileId: string
    readonly payment?: { readonly creditCard?: { readonly cardNumber?: string; readonly expirationDate?: string; readonly cardType?: string } }
  }>
}

/** The card by its number; undefined when the vendor has none. */
async function searched(key: string, left: Patience): Promise<StoreCardOutcome | undefined> {
  const asked = await ask('getCustomerProfileRequest', { merchantCustomerId: profileNumber(key), unmaskExpirationDate: true }, left)
  if (asked.lost) return unknownBy(asked)
  const profile = asked.fields['profile'] as Profile | undefined
  if (profile === undefined) return asked.code === NOT_THERE ? undefined : unknownBy(asked)
  const kept = profile.paymentProfiles?.[0]
  // Somebody has taken the card out of its profile, which takes none a second time.
  if (kept === undefined) return { status: 'declined', declineCode: 'card_removed' }
  const { cardNumber = '', expirationDate = '', cardType = 'card' } = kept.payment?.creditCard ?? {}
  const [, year, month] = /^(\d{4})-(\d{2})$/.exec(expirationDate) ?? []
  return {
    status: 'stored',
    reference: referenceTo(profile.customerProfileId, kept.customerPaymentProfileId),
    card: {
      brand: BRANDS[cardType] ?? cardType.toLowerCase(), last4: cardNumber.slice(-4), expiryMonth: month === undefined ? null : Number(month),
      expiryYear: year === undefined ? null : Number(year),
    },
  }
}

/** The profile goes with its card. */
export async function removeCard(reference: string): Promise<'removed' | 'unknown'> {
  const { customerProfileId } = storedAs(reference)
  const asked = await ask('deleteCustomerProfileRequest', { customerProfileId }, patience(config('deadlines').VENDOR_DEADLINE_MS, 1))
  if (asked.lost) throw untold(asked)
  return asked.code.startsWith('I') || asked.code === NOT_THERE ? 'removed' : 'unknown'
}
