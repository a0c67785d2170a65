/**
 * Nonces as Accept.js would make them, each named after what its card does.
 *
 * A nonce can be used once. So that a person can try and a test can count, each name stands for as many nonces as one
 * likes by a suffix (`tok_visa_test:anything`, used once), and the bare names work again and again.
 * | name | what happens |
 * | --- | --- |
 * | `tok_visa_test`, `tok_test`, `tok_mastercard_test` | approved |
 * | `tok_declined`, `tok_pick_up_card`, `tok_avs_mismatch`, `tok_cvv_mismatch` | declined (2, 4, 27, 44) |
 * | `tok_held` | authorised, held for review (253) |
 * | `tok_held_unauthorised` | held for review before it is authorised (252); approved, it goes through |
 * | `tok_held_fails` | the same; approved, it is declined |
 * | `tok_charge_declined` | good to be stored, declined (2) whenever it is charged |
 * | `tok_card_expired`, `tok_processing_error`, `tok_processor_timeout` | error (8, 19, 120), nothing charged |
 * | `tok_expired` | a nonce that is too old (E00115) |
 */
import type { Card, Reason } from './kept.ts'
import { Failed, Refusal } from './refusal.ts'

export interface Behaviour {
  readonly card: Card
  readonly code: 1 | 2 | 4
  readonly reason: Reason
  readonly authorised: boolean
  readonly failsOnApproval: boolean
  /** Good as long as it is only stored. */
  readonly stores?: true
}

const VISA: Card = { number: '4111111111111111', type: 'Visa' }
const MASTERCARD: Card = { number: '5424000000000015', type: 'MasterCard' }
const CARDS: readonly Card[] = [
  VISA, MASTERCARD,
  { number: '4007000000027', type: 'Visa' }, { number: '4012888818888', type: 'Visa' },
  { number: '2223000010309703', type: 'MasterCard' },
  { number: '370000000000002', type: 'AmericanExpress' }, { number: '6011000000000012', type: 'Discover' },
  { number: '3088000000000017', type: 'JCB' },
]

export const APPROVED: Reason = { code: '1', text: 'This transaction has been approved.' }
export const DECLINED: Reason = { code: '2', text: 'This transaction has been declined.' }

function approved(card: Card): () => Behaviour {
  return () => ({ card, code: 1, reason: APPROVED, authorised: true, failsOnApproval: false })
}

function declined(code: string, text = DECLINED.text): () => Behaviour {
  return () => ({ card: VISA, code: 2, reason: { code, text }, authorised: false, failsOnApproval: false })
}

function held(code: '252' | '253', failsOnApproval = false): () => Behaviour {
  const text = 'Your order has been received. Thank you for your business!'
  return () => ({ card: VISA, code: 4, reason: { code, text }, authorised: code === '253', failsOnApproval })
}

function failing(code: string, text: string): () => Behaviour {
  return () => {
    throw new Failed(code, text)
  }
}

const NONCES: Readonly<Record<string, () => Behaviour>> = {
  tok_visa_test: approved(VISA),
  tok_test: approved(VISA),
  tok_mastercard_test: approved(MASTERCARD),
  tok_declined: declined('2'),
  tok_charge_declined: () => ({ ...declined('2')(), stores: true }),
  tok_pick_up_card: declined('4', 'The card used needs to be picked up.'),
  tok_avs_mismatch: declined('27', 'The transaction has been declined because of an AVS mismatch.'),
  tok_cvv_mismatch: declined('44', 'This transaction has been declined.'),
  tok_held: held('253'),
  tok_held_unauthorised: held('252'),
  tok_held_fails: held('252', true),
  tok_card_expired: failing('8', 'The credit card has expired.'),
  tok_processing_error: failing('19', 'An error occurred during processing. Please try again.'),
  tok_processor_timeout: failing('120', 'An error occurred during processing. Please try again.'),
  tok_expired: () => {
    throw new Refusal('E00115', 'Expired OTS Token.')
  },
}

/** The name before the suffix; undefined for a nonce that was never made. */
export function nameOf(nonce: string): string | undefined {
  const [name = ''] = nonce.split(':')
  return Object.hasOwn(NONCES, name) ? name : undefined
}

/** What the card behind a nonce does. */
export function behaviourOf(name: string): Behaviour {
  return (NONCES[name] ?? approved(VISA))()
}

/** The behaviour of a test card that was typed in; all of them are good. */
export function cardTyped(number: string): Behaviour {
  const card = CARDS.find((one) => one.number === number)
  if (card === undefined) throw new Failed('6', 'The credit card number is invalid.')
  return approved(card)()
}
