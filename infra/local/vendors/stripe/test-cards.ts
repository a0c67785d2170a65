/**
 * The vendor's test cards: what each pretends to be and what happens when it is used.
 *
 * The last four digits tell the cards apart, so a kept payment method needs no secret note of how it behaves.
 */
export interface Decline {
  readonly code: string
  /** The issuer's reason; only `card_declined` and `authentication_required` have one of their own. */
  readonly declineCode?: string
  readonly message: string
  readonly advice: 'confirm_card_data' | 'do_not_try_again' | 'try_again_later'
  readonly networkCode: string
}

export interface TestCard {
  readonly number: string
  readonly brand: 'visa' | 'mastercard' | 'amex'
  readonly decline?: Decline
  /** Declines only when charged, not when it is attached to a customer. */
  readonly attaches?: true
  readonly authentication?: 'always' | 'unless_set_up'
  readonly dispute?: { readonly reason: string; readonly inquiry: boolean }
  readonly refund?: 'fails' | 'pends'
  readonly risk?: 'elevated' | 'blocked'
  readonly availableAtOnce?: true
}

function declined(declineCode: string, message: string, networkCode: string, advice: Decline['advice']): Decline {
  return { code: 'card_declined', declineCode, message, networkCode, advice }
}

const GENERIC = declined('generic_decline', 'Your card was declined.', '01', 'try_again_later')

export const AUTHENTICATION_REQUIRED: Decline = {
  code: 'authentication_required',
  declineCode: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
  advice: 'try_again_later',
  networkCode: '1A',
}

const CARDS = {
  visa: { number: '4242424242424242', brand: 'visa' },
  mastercard: { number: '5555555555554444', brand: 'mastercard' },
  amex: { number: '378282246310005', brand: 'amex' },
  chargeDeclined: { number: '4000000000000002', brand: 'visa', decline: GENERIC },
  chargeDeclinedInsufficientFunds: {
    number: '4000000000009995',
    brand: 'visa',
    decline: declined('insufficient_funds', 'Your card has insufficient funds.', '51', 'try_again_later'),
  },
  chargeDeclinedLostCard: {
    number: '4000000000009987',
    brand: 'visa',
    decline: declined('lost_card', 'Your card was declined.', '41', 'do_not_try_again'),
  },
  chargeDeclinedStolenCard: {
    number: '4000000000009979',
    brand: 'visa',
    decline: declined('stolen_card', 'Your card was declined.', '43', 'do_not_try_again'),
  },
  chargeDeclinedExpiredCard: {
    number: '4000000000000069',
    brand: 'visa',
    decline: { code: 'expired_card', message: 'Your card has expired.', advice: 'do_not_try_again', networkCode: '54' },
  },
  chargeDeclinedIncorrectCvc: {
    number: '4000000000000127',
    brand: 'visa',
    decline: {
      code: 'incorrect_cvc',
      message: "Your card's security code is incorrect.",
      advice: 'confirm_card_data',
      networkCode: 'N7',
    },
  },
  chargeDeclinedProcessingError: {
    number: '4000000000000119',
    brand: 'visa',
    decline: {
      code: 'processing_error',
      message: 'An error occurred while processing your card. Try again in a little bit.',
      advice: 'try_again_later',
      networkCode: '96',
    },
  },
  chargeCustomerFail: { number: '4000000000000341', brand: 'visa', decline: GENERIC, attaches: true },
  authenticationRequired: { number: '4000002500003155', brand: 'visa', authentication: 'unless_set_up' },
  threeDSecure2Required: { number: '4000002760003184', brand: 'visa', authentication: 'always' },
  createDispute: { number: '4000000000000259', brand: 'visa', dispute: { reason: 'fraudulent', inquiry: false } },
  createDisputeProductNotReceived: {
    number: '4000000000002685',
    brand: 'visa',
    dispute: { reason: 'product_not_received', inquiry: false },
  },
  createDisputeInquiry: { number: '4000000000001976', brand: 'visa', dispute: { reason: 'fraudulent', inquiry: true } },
  refundFail: { number: '4000000000005126', brand: 'visa', refund: 'fails' },
  pendingRefund: { number: '4000000000007726', brand: 'visa', refund: 'pends' },
  bypassPending: { number: '4000000000000077', brand: 'visa', availableAtOnce: true },
  riskLevelElevated: { number: '4000000000009235', brand: 'visa', risk: 'elevated' },
  radarBlock: {
    number: '4100000000000019',
    brand: 'visa',
    risk: 'blocked',
    decline: declined('fraudulent', 'Your card was declined.', '59', 'do_not_try_again'),
  },
} as const satisfies Record<string, TestCard>

const BY_NUMBER = new Map<string, TestCard>(Object.values(CARDS).map((card) => [card.number, card]))
const BY_LAST4 = new Map<string, TestCard>(Object.values(CARDS).map((card) => [card.number.slice(-4), card]))

/** Names that belong to the examples of this shop, not to the vendor. */
const OF_THE_SHOP: Record<string, TestCard> = { test: CARDS.visa, visa_test: CARDS.visa, declined: CARDS.chargeDeclined }

/** The card behind `pm_card_visa`, `tok_visa`, `tok_declined`, ...; undefined when nothing is named so. */
export function cardNamed(id: string): TestCard | undefined {
  if (id.startsWith('pm_card_')) return named(id.slice(8))
  if (!id.startsWith('tok_')) return undefined
  const name = id.slice(4)
  return (Object.hasOwn(OF_THE_SHOP, name) ? OF_THE_SHOP[name] : undefined) ?? named(name)
}

export function cardNumbered(number: string): TestCard | undefined {
  return BY_NUMBER.get(number.replaceAll(/[ -]/g, ''))
}

/** How a kept card behaves; a card the table does not know always works. */
export function behaviour(last4: string | undefined): TestCard {
  return BY_LAST4.get(last4 ?? '') ?? CARDS.visa
}

/** `visa_chargeDeclined` and `chargeDeclined` name the same card. */
function named(name: string): TestCard | undefined {
  const plain = name.startsWith('visa_') ? name.slice(5) : name
  return Object.hasOwn(CARDS, plain) ? CARDS[plain as keyof typeof CARDS] : undefined
}
