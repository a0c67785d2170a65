/**
 * A card that a customer keeps with us: what he may see of it in the clear, and the gateway's own name for it, sealed.
 *
 * An attempt to keep one is written before the gateway is asked, and stands for one card there however often it is sent.
 * So is its removal: from then on it pays nothing, and it goes at the gateway as soon as that answers. A card that the
 * gateway keeps although its attempt had been given up is removed there too, unless its customer finished it himself.
 */
import { FAILURES, Failure, type FailureCode } from '#values/failure.ts'
import { HOUR_MS, iso, MINUTE_MS } from '#values/time.ts'
import { LEASE_MS, type Answer } from './order.ts'
import type { CardFacts, GatewayName, StoreCardOutcome, StoreCardRequest } from './payment.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { CardShown } from './shown/customer.ts'

export type CardState = 'storing' | 'requires_action' | 'stored' | 'removing' | 'removed' | 'failed'

export interface Card {
  readonly id: string
  readonly customerId: string
  readonly gateway: GatewayName
  readonly state: CardState
  readonly history: ReadonlyArray<{ readonly state: CardState; readonly atMs: number; readonly cause: string }>
  /** Null until it is stored, and when it is removed. */
  readonly facts: CardFacts | null
  /** The gateway's name for it, sealed under the customer's key. */
  readonly reference: string | null
  /** The same of a card that is to go, sealed under the shop's own key: it goes there also when its customer is forgotten meanwhile. */
  readonly leaving: { readonly sealed: string; readonly masterKey: string } | null
  /** What whoever takes over sends again; kept only while the attempt is open. */
  readonly token: string | null
  readonly email: string | null
  /** The payment that it was left behind by, and not a token. */
  readonly paidWith: { readonly orderId: string; readonly transactionId: string } | null
  /** What the customer needs for his bank. */
  readonly action: { readonly clientSecret: string; readonly nextAction: unknown } | null
  /** The gateway's name for an attempt that waits for him, by which it can be ended. */
  readonly setupId: string | null
  readonly declineCode: string | null
  /** What is paid with it from now on, in words such as `membership mem_1`: until nothing is, it cannot be removed. */
  readonly usedBy: readonly string[]
  readonly requestHash: string
  /** Who may act on the open attempt, and until when. */
  readonly runner: string
  readonly leaseUntilMs: number
  /** When the sweep looks at it next; null when nothing is open. */
  readonly nextAtMs: number | null
  /** How often nobody knew: the sweep asks less and less often. */
  readonly unanswered: number
  /** Given to whoever sent the card, and again to the same click. */
  readonly answer: Answer | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** More than a customer has; and Authorize.Net's own limit. */
export const CARDS_MAX = 10
/** How long a customer may take at his bank. */
export const CARD_ACTION_MS = 15 * MINUTE_MS
const FIRST_CHECK_MS = MINUTE_MS
const CHECK_MOST_MS = HOUR_MS

/** A card that pays. */
export function isUsable(card: Card | undefined, customerId: string | null): card is Card {
  return card?.state === 'stored' && card.customerId === customerId
}

/** An attempt of which nobody knows yet how it ends. */
export function isOpenCard({ state }: Card): boolean {
  return state === 'storing' || state === 'requires_action'
}

export interface CardDraft {
  readonly id: string
  readonly customerId: string
  readonly email: string
  readonly gateway: GatewayName
  readonly token: string | null
  readonly paidWith?: Card['paidWith']
  /** Who pays with it from the first moment on. */
  readonly usedBy?: readonly string[]
  readonly requestHash: string
  readonly runner: string
}

export function newCard(draft: CardDraft, nowMs: number): Card {
  const { paidWith = null, usedBy = [], ...wanted } = draft
  return {
    ...wanted, paidWith, state: 'storing', history: [{ state: 'storing', atMs: nowMs, cause: paidWith === null ? 'sent' : `paid ${paidWith.orderId}` }],
    facts: null, reference: null, leaving: null, action: null, setupId: null, declineCode: null, usedBy, answer: null, unanswered: 0,
    // Nobody runs one that a payment leaves behind: the sweep has it at once.
    leaseUntilMs: paidWith === null ? nowMs + LEASE_MS : nowMs, nextAtMs: paidWith === null ? nowMs + FIRST_CHECK_MS : nowMs,
    createdAtMs: nowMs, updatedAtMs: nowMs,
  }
}

export function storeRequestOf({ id, customerId, email, token, createdAtMs }: Card): StoreCardRequest {
  return { customerId, email: email ?? '', token: token ?? '', key: id, createdAtMs }
}

/** Gives `runner` the right to act on an open attempt; undefined when somebody else has it. */
export function leasedCard(card: Card, runner: string, nowMs: number): Card | undefined {
  if (card.leaseUntilMs > nowMs && card.runner !== runner) return undefined
  return { ...card, runner, leaseUntilMs: nowMs + LEASE_MS }
}

/** A card, and what of its change is put on record. */
export interface CardChange {
  readonly card: Card
  readonly rows: readonly WarehouseRow[]
}

export interface SettlingCard {
  readonly outcome: StoreCardOutcome
  /** The outcome's reference, sealed. */
  readonly sealed: string | null
  /** `sent`, `webhook evt_...`, `sweep`: goes into the history. */
  readonly cause: string
  /** The customer has as many cards as he may. */
  readonly isFull?: boolean
  readonly nowMs: number
}

/** What the gateway said of an attempt; undefined when it says nothing new. */
export function settleCard(card: Card, settling: SettlingCard): CardChange | undefined {
  const { outcome, nowMs } = settling
  if (outcome.status === 'stored') return kept(card, settling, outcome.card)
  if (!isOpenCard(card)) return undefined
  switch (outcome.status) {
    case 'declined':
      return failed(card, settling, outcome.declineCode)
    case 'requires_action':
      return waiting(card, settling, outcome)
    case 'unavailable':
      return card.state === 'storing' && card.paidWith === null ? failed(card, settling, null) : unsure(card, nowMs)
    case 'unknown':
      return unsure(card, nowMs)
  }
}

function kept(card: Card, { sealed, cause, isFull, nowMs }: SettlingCard, facts: CardFacts): CardChange | undefined {
  const given = { facts, reference: sealed, token: null, email: null, action: null, setupId: null, nextAtMs: null }
  // Nobody waits for it any more, or it is one too many: what the gateway has kept goes there.
  if (card.state === 'removed' || (isOpenCard(card) && isFull === true)) return changed({ ...card, ...given, nextAtMs: nowMs }, 'removing', cause, nowMs)
  if (card.state === 'stored' || card.state === 'removing') return undefined
  const { card: stored, rows } = changed({ ...card, ...given, declineCode: null }, 'stored', cause, nowMs)
  return { card: { ...stored, answer: card.answer ?? storedAnswer(stored, nowMs) }, rows }
}

/** @param declineCode null: the gateway did not take it just now, which says nothing against the card */
function failed(card: Card, { cause, nowMs }: SettlingCard, declineCode: string | null): CardChange {
  const over = { ...card, token: null, email: null, action: null, declineCode, nextAtMs: null, leaseUntilMs: nowMs }
  const { card: settled, rows } = changed(over, 'failed', declineCode === null ? `${cause}: not taken` : `${cause}: ${declineCode}`, nowMs)
  return { card: declineCode === null ? settled : { ...settled, answer: declinedAnswer(settled, nowMs) }, rows }
}

function waiting(card: Card, { cause, nowMs }: SettlingCard, outcome: Extract<StoreCardOutcome, { status: 'requires_action' }>): CardChange {
  const { clientSecret, nextAction, setupId } = outcome
  const nextAtMs = Math.max(card.createdAtMs + CARD_ACTION_MS, nowMs + FIRST_CHECK_MS)
  const next = { ...card, action: { clientSecret, nextAction }, setupId, leaseUntilMs: nowMs, nextAtMs, unanswered: 0 }
  return card.state === 'requires_action' ? { card: next, rows: [] } : { card: moved(next, 'requires_action', cause, nowMs), rows: [] }
}

/** Nobody knows. The lease ends now, so that the next caller may ask. */
function unsure(card: Card, nowMs: number): CardChange {
  return { card: { ...triedAgainLater(card, nowMs), leaseUntilMs: nowMs }, rows: [] }
}

/** The customer has had his time, and the gateway has just said that it still waits for him. */
export function isAbandoned({ state, unanswered, createdAtMs }: Card, nowMs: number): boolean {
  return state === 'requires_action' && unanswered === 0 && createdAtMs + CARD_ACTION_MS <= nowMs
}

/**
 * That a card is not wanted any more. Safe to ask for again.
 * @throws Failure NOT_FOUND for what never became a card, CONFLICT while something is paid with it or nobody knows whether it is kept
 */
export function wantRemoval(card: Card, cause: string, nowMs: number): CardChange | undefined {
  if (card.state === 'removing' || card.state === 'removed') return undefined
  if (card.state === 'failed') throw cardNotFound()
  if (card.state === 'storing') throw new Failure('CONFLICT', { message: 'This card is being saved.', retryAfterSeconds: 60 })
  if (card.usedBy.length > 0) {
    throw new Failure('CONFLICT', { message: 'This card is in use. Please choose another card there first.', details: { usedBy: card.usedBy } })
  }
  return changed({ ...card, token: null, email: null, action: null, nextAtMs: nowMs + FIRST_CHECK_MS }, 'removing', cause, nowMs)
}

/** Of a card that is gone everywhere nothing is left but that it was there. */
export function removedCard(card: Card, cause: string, nowMs: number): CardChange | undefined {
  if (card.state !== 'removing') return undefined
  return changed({ ...card, facts: null, reference: null, leaving: null, setupId: null, nextAtMs: null }, 'removed', cause, nowMs)
}

/** The gateway did not say: the sweep asks again, less and less often. */
export function triedAgainLater(card: Card, nowMs: number): Card {
  return { ...card, nextAtMs: nowMs + Math.min(FIRST_CHECK_MS * 2 ** card.unanswered, CHECK_MOST_MS), unanswered: card.unanswered + 1 }
}

/** Something is paid with it from now on. */
export function usedCard(card: Card, user: string): Card {
  return card.usedBy.includes(user) ? card : { ...card, usedBy: [...card.usedBy, user] }
}

/** That is paid in another way now, or not any more. */
export function releasedCard(card: Card, user: string): Card {
  return { ...card, usedBy: card.usedBy.filter((one) => one !== user) }
}

function moved(card: Card, state: CardState, cause: string, nowMs: number): Card {
  return { ...card, state, history: [...card.history, { state, atMs: nowMs, cause }], unanswered: 0, updatedAtMs: nowMs }
}

function changed(card: Card, state: CardState, cause: string, nowMs: number): CardChange {
  const next = moved(card, state, cause, nowMs)
  const { id, customerId, gateway } = next
  const row = auditEvent({
    id: `${id}-${next.history.length}-audit`, who: null, what: `card.${state}`, subject: id, before: { state: card.state },
    after: { state, customerId, gateway }, why: cause, requestId: null, ip: null, atMs: nowMs,
  })
  return { card: next, rows: [row] }
}

export function cardNotFound(): Failure {
  return new Failure('NOT_FOUND', { message: 'Card not found.' })
}

/** A card as its customer sees it. */
export function cardView({ id, gateway, state, facts, declineCode, createdAtMs }: Card): CardShown {
  return {
    id, gateway, state, brand: facts?.brand ?? null, last4: facts?.last4 ?? null, expiryMonth: facts?.expiryMonth ?? null,
    expiryYear: facts?.expiryYear ?? null, ...(declineCode === null ? {} : { declineCode }), createdAt: iso(createdAtMs),
  }
}

/** The final answer (the same bytes for ever), or what can be said meanwhile. */
export type CardAnswer = { readonly final: Answer } | { readonly status: number; readonly body: Record<string, unknown> }

/** @throws Failure GATEWAY_TIMEOUT while nobody knows whether it is kept, SERVICE_UNAVAILABLE when it was not taken, CONFLICT when it was given up */
export function cardAnswer(card: Card): CardAnswer {
  if (card.answer !== null) return { final: card.answer }
  const details = { cardId: card.id }
  switch (card.state) {
    case 'requires_action':
      return { status: 202, body: { card: cardView(card), clientSecret: card.action?.clientSecret, nextAction: card.action?.nextAction } }
    case 'failed':
      throw new Failure('SERVICE_UNAVAILABLE', { message: 'Payment service temporarily unavailable. Please try again.', details })
    case 'removing':
    case 'removed':
      throw new Failure('CONFLICT', { message: 'This attempt was given up. Please enter the card again.', details })
    default:
      throw new Failure('GATEWAY_TIMEOUT', { message: 'The payment service did not answer. The card will be saved once, however often you try.', details, retryAfterSeconds: 10 })
  }
}

function storedAnswer(card: Card, nowMs: number): Answer {
  return { status: 201, body: JSON.stringify({ success: true, card: cardView(card), timestamp: iso(nowMs) }) }
}

function declinedAnswer(card: Card, nowMs: number): Answer {
  const code: FailureCode = 'PAYMENT_DECLINED'
  const { status, retryable } = FAILURES[code]
  const error = 'This card was declined. Please use a different card.'
  const details = { cardId: card.id, declineCode: card.declineCode }
  return { status, body: JSON.stringify({ success: false, error, code, retryable, details, timestamp: iso(nowMs) }) }
}
