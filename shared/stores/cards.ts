/**
 * Cards that customers keep. A card's document decides; the gateway's name for it lies in it sealed under the customer's
 * key and bound to customer and card, so that it opens nowhere else, and nowhere once the customer is forgotten.
 *
 * Who pays something with a card for longer (a membership) says so in his own transaction (`cardToUse`, `useCard`), and
 * then it cannot be removed until he lets it go.
 */
import {
  CARDS_MAX, isOpenCard, isUsable, leasedCard, newCard, releasedCard, removedCard, settleCard, storeRequestOf, triedAgainLater, usedCard, wantRemoval,
  cardNotFound, type Card, type CardChange, type CardDraft,
} from '#domain/card.ts'
import { chargeRequestOf } from '#domain/checkout.ts'
import type { Order } from '#domain/order.ts'
import type { ChargeOutcome, Gateway, StoreCardOutcome } from '#domain/payment.ts'
import { Failure } from '#values/failure.ts'
import { DAY_MS, HOUR_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { seal, unseal, unwrapKey, wrapKey } from '#platform/envelope.ts'
import { collection, doc, readAll, readOne, readQuery, transact, type Doc, type Query, type Snapshot, type Unit, type Writer } from '#platform/firestore.ts'
import { breakerDoc, refuseShut } from './breakers.ts'
import { customerKey, customerKeyDoc, keyIn } from './customer-keys.ts'
import { guarded } from './guarded.ts'
import { markApplied, pendingRecord } from './inbox.ts'
import { joined } from './joining.ts'
import { counterDoc, counterOf, countedUp, refuseOver } from './limits.ts'
import { addRows, outboxDoc } from './outbox.ts'

/** How long it is remembered that a card was there, or was refused: longer than any vendor sends an event again. */
const REMEMBERED_MS = 30 * DAY_MS
/** So often the same token may be sent anew without a key of the caller's. */
const ANEW_MAX = 20

export function cardDoc(cardId: string): Promise<Doc> {
  return doc('cards', cardId)
}

export function cardOf(snapshot: Snapshot | undefined): Card | undefined {
  return snapshot?.data() as Card | undefined
}

export async function readCard(cardId: string): Promise<Card | undefined> {
  return cardOf(await readOne(await cardDoc(cardId)))
}

async function storedOf(customerId: string): Promise<Query> {
  const cards = await collection('cards')
  return cards.where('customerId', '==', customerId).where('state', '==', 'stored').orderBy('createdAtMs', 'desc').limit(2 * CARDS_MAX)
}

/** The cards that a customer can pay with, the newest first: few. */
export async function listCardsOf(customerId: string): Promise<Card[]> {
  return (await readQuery(await storedOf(customerId))).map((snapshot) => cardOf(snapshot) as Card)
}

/** The gateway's name for a stored card, in the clear; for the gateway's eyes only. */
export async function openReference(card: Card): Promise<string> {
  return opened(card, await customerKey(card.customerId))
}

/** The same with a key that was read with others. */
export function opened({ id, customerId, reference }: Card, key: Buffer): string {
  if (reference === null) throw new Failure('INTERNAL_ERROR', { reason: `card ${id} has no reference` })
  return unseal(key, contextOf(customerId, id), reference)
}

export interface PayingCard {
  readonly card: Card
  /** In the clear; never to be written. */
  readonly reference: string
}

/** What says whether a card pays: the card, and its customer's key. */
export async function payingDocs(cardId: string, customerId: string | null): Promise<[Doc, Doc]> {
  return [await cardDoc(cardId), await customerKeyDoc(customerId ?? 'nobody')]
}

/** A customer's card that pays, from documents that were read with others; undefined when there is none. */
export function payingCard(found: Snapshot, key: Snapshot, customerId: string | null): PayingCard | undefined {
  const card = cardOf(found)
  if (!isUsable(card, customerId)) return undefined
  try {
    const dataKey = keyIn(key, card.customerId)
    return dataKey === undefined ? undefined : { card, reference: opened(card, dataKey) }
  } catch (error) {
    // Its customer was forgotten: it opens nowhere any more.
    if (error instanceof Failure && error.code === 'CONFLICT') return undefined
    throw error
  }
}

function contextOf(customerId: string, cardId: string): string[] {
  return ['card', customerId, cardId]
}

export interface CardWish extends Omit<CardDraft, 'id' | 'paidWith'> {
  /** The key that the card's id follows from: the caller's own, or what he sends. */
  readonly key: readonly string[]
  /** His own: the same key is the same card for ever. */
  readonly isKeyed: boolean
  readonly ip: string
}

export interface AskedCard {
  readonly card: Card
  /** Written by us: nobody else may ask the gateway. */
  readonly fresh: boolean
}

/**
 * Writes an attempt to keep a card, or finds the one that this click stands for.
 * @throws Failure RATE_LIMITED, CONFLICT when he has too many cards or was forgotten, SERVICE_UNAVAILABLE while the gateway's breaker is open
 */
export async function askCard(wish: CardWish): Promise<AskedCard> {
  const { key, isKeyed, ip, ...draft } = wish
  const { CARDS_PER_CUSTOMER_HOUR, CARDS_PER_IP_HOUR } = config('limits')
  const limits = [CARDS_PER_CUSTOMER_HOUR, CARDS_PER_IP_HOUR]
  const counters = await Promise.all([`cards customer ${wish.customerId}`, `cards ip ${ip}`].map(counterDoc))
  const [first, breaker] = await Promise.all([cardDoc(derivedId('card', key)), breakerDoc(wish.gateway)])
  const [before, gate] = (await readAll([first, breaker])) as [Snapshot, Snapshot]
  if (!before.exists) {
    refuseShut(wish.gateway, gate)
    // What cannot be sealed is not kept: whoever was forgotten is told before the gateway is asked.
    await customerKey(wish.customerId)
  }
  const stored = await storedOf(wish.customerId)
  return transact(async (unit) => {
    const { place, known } = await placeFor(unit, first, isKeyed)
    if (known !== undefined) return { card: known, fresh: known.runner === draft.runner }
    const counted = (await unit.getAll(...counters)).map((snapshot, index) => counterOf(counters[index] as Doc, snapshot, HOUR_MS))
    for (const [index, counter] of counted.entries()) refuseOver(counter, limits[index] ?? 0, HOUR_MS)
    if ((await unit.query(stored)).length >= CARDS_MAX) {
      throw new Failure('CONFLICT', { message: `You have saved ${CARDS_MAX} cards. Please remove one first.` })
    }
    const card = newCard({ ...draft, id: place.id }, now())
    unit.create(place, { ...card })
    for (const counter of counted) unit.set(counter.doc, countedUp(counter))
    return { card, fresh: true }
  })
}

/** Where this click's card is or belongs: a card that was refused or removed makes way for the next try. */
async function placeFor(unit: Unit, first: Doc, isKeyed: boolean): Promise<{ readonly place: Doc; readonly known: Card | undefined }> {
  let place = first
  for (let tries = 0; tries < ANEW_MAX; tries++) {
    const known = cardOf(await unit.get(place))
    if (known === undefined || !mayBeSentAnew(known, isKeyed)) return { place, known }
    place = await cardDoc(derivedId('card', ['again', known.id]))
  }
  throw new Failure('CONFLICT', { message: 'This card was sent too often. Please enter it anew.' })
}

/** Under a key of the caller's only what was certainly not taken: everything else has its answer. */
function mayBeSentAnew({ state, answer }: Card, isKeyed: boolean): boolean {
  if (state === 'failed') return !isKeyed || answer === null
  return !isKeyed && (state === 'removing' || state === 'removed')
}

/** The card that a payment leaves behind, to be kept when its order is paid: written with it, and finished by the sweep. */
export function addLeftCard(writer: Writer, place: Doc, draft: Omit<CardDraft, 'id' | 'token' | 'requestHash' | 'runner'>): void {
  writer.create(place, { ...newCard({ ...draft, id: place.id, token: null, requestHash: '', runner: 'sweep' }, now()) })
}

/**
 * Charges an order by its token, or by the saved card whose customer is there.
 * @param reference of the card, where it was read with the order's basis
 */
export async function chargeOrder(gateway: Gateway, order: Order, reference: string | undefined): Promise<ChargeOutcome> {
  const request = chargeRequestOf(order)
  const { cardId } = order.payment
  if (cardId === undefined) return gateway.charge(request)
  const known = reference ?? (await readPaying(cardId, order.customerId))?.reference
  // Taken back since: whoever ran the order before may have charged it.
  if (known === undefined || gateway.chargeStored === undefined) return gateway.find(request, null)
  return gateway.chargeStored({ ...request, present: true }, known)
}

async function readPaying(cardId: string, customerId: string | null): Promise<PayingCard | undefined> {
  const [card, key] = (await readAll(await payingDocs(cardId, customerId))) as [Snapshot, Snapshot]
  return payingCard(card, key, customerId)
}

/** Takes the right to act on an open attempt; undefined when somebody has it. */
export async function takeCardLease(cardId: string, runner: string): Promise<Card | undefined> {
  const place = await cardDoc(cardId)
  return transact(async (unit) => {
    const card = cardOf(await unit.get(place))
    const taken = card === undefined ? undefined : leasedCard(card, runner, now())
    if (taken !== undefined) unit.update(place, { runner: taken.runner, leaseUntilMs: taken.leaseUntilMs })
    return taken
  })
}

/** What has become of an attempt that another call runs, or that waits for its customer; taken over when nobody runs it. */
export function joinCard(found: Card, gateway: Gateway, runner: string): Promise<Card> {
  return joined(found, {
    isOver: (card) => !isOpenCard(card),
    read: () => readCard(found.id),
    lease: () => takeCardLease(found.id, runner),
    takeOver: (card) => keepCard(gateway, card, 'sent'),
  })
}

/** Asks the gateway to keep a card that is written, and writes what it says. Safe to run twice: it keeps one. */
export async function keepCard(gateway: Gateway, card: Card, cause: string): Promise<Card> {
  return settleCardOf(card.id, await askedFor(guarded(gateway), card), { gateway, cause })
}

function askedFor(gateway: Gateway, card: Card): Promise<StoreCardOutcome> {
  const { storeCard, storePaying } = gateway
  if (storeCard === undefined || storePaying === undefined) throw new Failure('INTERNAL_ERROR', { reason: `${gateway.name} keeps no cards` })
  const request = storeRequestOf(card)
  return card.paidWith === null ? storeCard(request) : storePaying(request, card.paidWith.transactionId)
}

interface Settled {
  readonly gateway: Gateway
  readonly cause: string
  /** The event's record, closed in the same commit. */
  readonly inbox?: Doc
}

/** Applies what the gateway said of an attempt. Safe to run twice: what says nothing new changes nothing. */
export async function settleCardOf(cardId: string, outcome: StoreCardOutcome, { gateway, cause, inbox }: Settled): Promise<Card> {
  const known = await readCard(cardId)
  if (known === undefined) throw cardNotFound()
  const sealed = outcome.status === 'stored' ? await sealedFor(known, outcome.reference, gateway) : null
  const stored = await storedOf(known.customerId)
  const rule: Rule = async (card, unit) => {
    // One that something is paid with is needed, however many there are.
    const isFull = card.paidWith !== null && card.usedBy.length === 0 && outcome.status === 'stored' && (await unit.query(stored)).length >= CARDS_MAX
    return settleCard(card, { outcome, sealed, cause, isFull, nowMs: now() })
  }
  return changeCard(cardId, rule, inbox)
}

/** What cannot be sealed, for its customer was forgotten meanwhile, must not stay at the gateway either. */
async function sealedFor({ id, customerId }: Card, reference: string, gateway: Gateway): Promise<string> {
  try {
    return seal(await customerKey(customerId), contextOf(customerId, id), reference)
  } catch (error) {
    if (error instanceof Failure && error.code === 'CONFLICT') await guarded(gateway).removeCard?.(reference)
    throw error
  }
}

/**
 * Takes a card back from its customer: from now on it pays nothing.
 * @throws Failure as `wantRemoval`, NOT_FOUND when it is none of his
 */
export async function wantCardGone(cardId: string, customerId: string, cause: string): Promise<Card> {
  return changeCard(cardId, (card) => {
    if (card.customerId !== customerId) throw cardNotFound()
    return wantRemoval(card, cause, now())
  })
}

/** Forgets a card at the gateway that is to be removed, and writes that it is gone. Safe to run twice. */
export async function finishRemoval(gateway: Gateway, card: Card, cause: string): Promise<Card> {
  const { id, customerId, leaving, setupId } = card
  const reference = leaving === null ? setupId : unwrapKey(leaving, contextOf(customerId, id)).toString('utf8')
  if (reference === null) throw new Failure('INTERNAL_ERROR', { reason: `nobody knows what card ${id} is called at its gateway` })
  const done = await guarded(gateway).removeCard?.(reference)
  return changeCard(id, (found) => {
    if (done === 'removed') return removedCard(found, cause, now())
    return found.state === 'removing' ? { card: triedAgainLater(found, now()), rows: [] } : undefined
  })
}

/** An attempt whose customer never came back from his bank. */
export async function giveUpCard(cardId: string, cause: string): Promise<Card> {
  return changeCard(cardId, (card) => (card.state === 'requires_action' ? wantRemoval(card, cause, now()) : undefined))
}

/** The sweep looks at a card again later. */
export async function checkCardLater(cardId: string): Promise<void> {
  await changeCard(cardId, (card) => (card.nextAtMs !== null && card.nextAtMs <= now() ? { card: triedAgainLater(card, now()), rows: [] } : undefined))
}

type Rule = (card: Card, unit: Unit) => CardChange | undefined | Promise<CardChange | undefined>

async function changeCard(cardId: string, rule: Rule, inbox?: Doc): Promise<Card> {
  const [place, outbox] = [await cardDoc(cardId), await outboxDoc()]
  return transact(async (unit) => {
    const card = cardOf(await unit.get(place))
    if (card === undefined) throw cardNotFound()
    if (inbox !== undefined && pendingRecord(await unit.get(inbox)) === undefined) return card
    const change = await rule(card, unit)
    const after = change === undefined ? card : await onItsWay(unit, change.card)
    if (inbox !== undefined) markApplied(unit, inbox, 'applied')
    if (change === undefined) return card
    const over = after.state === 'removed' || after.state === 'failed'
    unit.set(place, { ...after, ...(over ? { expireAt: new Date(now() + REMEMBERED_MS) } : {}) })
    if (change.rows.length > 0) addRows(unit, outbox, change.rows)
    return after
  })
}

/**
 * What is to be told to the gateway of a card that is to go must open also without its customer's key. Whoever writes that a
 * card is to go writes what this makes of it; it reads, so it comes before all writes.
 */
export async function onItsWay(unit: Unit, card: Card): Promise<Card> {
  const { id, customerId, state, reference } = card
  if (state !== 'removing' || reference === null) return card
  const key = keyIn(await unit.get(await customerKeyDoc(customerId)), customerId)
  if (key === undefined) throw new Failure('INTERNAL_ERROR', { reason: `card ${id} is sealed under a key that is not there` })
  return { ...card, reference: null, leaving: wrapKey(Buffer.from(opened(card, key), 'utf8'), contextOf(customerId, id)) }
}

/** A card of this customer's, read in the transaction of whoever wants to pay with it; undefined when it does not pay. */
export async function cardToUse(unit: Unit, cardId: string, customerId: string): Promise<Card | undefined> {
  const card = cardOf(await unit.get(await cardDoc(cardId)))
  return isUsable(card, customerId) ? card : undefined
}

/** From now on it cannot be removed: `user` (`membership mem_1`) pays with it. */
export async function useCard(unit: Unit, card: Card, user: string): Promise<void> {
  unit.update(await cardDoc(card.id), { usedBy: usedCard(card, user).usedBy })
}

/** `user` pays with it no more. */
export async function releaseCard(unit: Unit, card: Card, user: string): Promise<void> {
  unit.update(await cardDoc(card.id), { usedBy: releasedCard(card, user).usedBy })
}
