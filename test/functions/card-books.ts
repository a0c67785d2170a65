/**
 * The books of saved cards, against what the gateways hold: one click is one card there, what pays is there, what was
 * removed is not, and nothing lies there that nobody here knows of. Of each card nothing but what a person may see stands
 * in the clear.
 */
import type { Card } from '../../shared/domain/card.ts'
import type { Order } from '../../shared/domain/order.ts'
import { profileNumber } from '../../shared/vendors/authorize-net/reference.ts'
import type { Json } from './shop.ts'

interface Kept {
  readonly nowMs: number
  readonly orders: readonly Order[]
  readonly cards: readonly Card[]
  /** Stripe's attempts to keep a card, its payments, and its cards, those of nobody too. */
  readonly setups: readonly Json[]
  readonly intents: readonly Json[]
  readonly methods: readonly Json[]
  /** Authorize.Net's customers, one for each card. */
  readonly profiles: readonly Json[]
}

export function cardFaults(kept: Kept): string[] {
  return [...keptTwice(kept), ...stripeFaults(kept), ...kajaFaults(kept), ...recordFaults(kept), ...leftFaults(kept)]
}

/** What may never be true, not even for a moment. */
export function keptTwice({ setups, profiles }: Kept): string[] {
  const done = setups.filter(({ status, metadata }) => status === 'succeeded' && metadata['card_key'] !== undefined)
  const byKey = Map.groupBy([...done.map(({ metadata }) => metadata['card_key']), ...profiles.map(({ merchantCustomerId }) => merchantCustomerId)], String)
  const byProfile = profiles.filter(({ paymentProfiles }) => paymentProfiles.length > 1)
  return [
    ...[...byKey].filter(([, { length }]) => length > 1).map(([key, { length }]) => `card ${key} was stored ${length} times`),
    ...byProfile.map(({ customerProfileId }) => `profile ${customerProfileId} at KAJA holds several cards`),
  ]
}

/** Cards of which somebody still has to say how they end. */
export function unfinished(cards: readonly Card[]): string[] {
  return cards.filter(({ state }) => UNDER_WAY.includes(state)).map(({ id, state }) => `card ${id} is still ${state}`)
}

const UNDER_WAY: readonly Card['state'][] = ['storing', 'requires_action', 'removing']

function stripeFaults({ cards, setups, intents, methods }: Kept): string[] {
  const attached = new Map(methods.filter(({ customer }) => customer !== null).map(({ id }) => [String(id), 'nobody']))
  const faults: string[] = []
  for (const card of cards.filter(({ gateway }) => gateway === 'stripe')) {
    const source = card.paidWith === null ? setups.find(({ metadata, status }) => metadata['card_key'] === card.id && status === 'succeeded') : intents.find(({ id }) => id === card.paidWith?.transactionId)
    const method = String(source?.['payment_method'])
    const isThere = attached.has(method)
    if (isThere) attached.set(method, card.id)
    if (card.state === 'stored' && !isThere) faults.push(`card ${card.id} pays, and Stripe does not have it`)
    if (card.state === 'removed' && isThere) faults.push(`card ${card.id} was removed, and Stripe has it`)
    if (card.state === 'failed' && isThere) faults.push(`card ${card.id} was not taken, and Stripe has it`)
  }
  // What a payment leaves behind is on record when its order is paid (`leftFaults`).
  const paying = new Set(intents.filter(({ setup_future_usage: usage }) => usage !== null).map(({ payment_method: method }) => String(method)))
  const strays = [...attached].filter(([method, owner]) => owner === 'nobody' && !paying.has(method))
  return [...faults, ...strays.map(([method]) => `Stripe keeps ${method}, which is no card of ours`)]
}

function kajaFaults({ cards, profiles }: Kept): string[] {
  const ours = new Map(cards.filter(({ gateway }) => gateway === 'kaja').map((card) => [profileNumber(card.id), card]))
  const there = new Set(profiles.map(({ merchantCustomerId }) => String(merchantCustomerId)))
  return [
    ...[...there].filter((number) => !ours.has(number)).map((number) => `KAJA keeps ${number}, which is no card of ours`),
    ...[...ours].flatMap(([number, { id, state }]) => {
      if (state === 'stored' && !there.has(number)) return [`card ${id} pays, and KAJA does not have it`]
      return (state === 'removed' || state === 'failed') && there.has(number) ? [`card ${id} is ${state}, and KAJA has it`] : []
    }),
  ]
}

/** Who pays with his card and wants it kept has it kept. That it was there is forgotten a month after he took it back. */
function leftFaults({ orders, cards, nowMs }: Kept): string[] {
  const lately = nowMs - 25 * 86_400_000
  const kept = orders.filter(({ state, payment, createdAtMs }) => payment.keep !== undefined && PAID.includes(state) && createdAtMs > lately)
  return kept.flatMap(({ id, payment }) => {
    const left = cards.filter((card) => card.paidWith?.orderId === id && card.id === payment.keep?.cardId)
    return left.length === 1 ? [] : [`order ${id} is paid, and its card is not kept`]
  })
}

const PAID = ['paid', 'fulfilled', 'partially_refunded', 'refunded', 'disputed']

function recordFaults({ cards, methods, profiles }: Kept): string[] {
  const names = [...methods.map(({ id }) => String(id)), ...profiles.map(({ customerProfileId }) => String(customerProfileId))]
  return cards.flatMap((card) => {
    const { id, state, nextAtMs } = card
    const text = JSON.stringify({ ...card, answer: card.answer?.body ?? null, history: null, id: null, customerId: null, createdAtMs: 0, updatedAtMs: 0, nextAtMs: 0, leaseUntilMs: 0 })
    return [
      ...(UNDER_WAY.includes(state) === (nextAtMs !== null) ? [] : [`card ${id} is ${state}, to be looked at at ${nextAtMs}`]),
      ...(!UNDER_WAY.includes(state) && names.some((name) => text.includes(`"${name}"`)) ? [`card ${id} names itself at the gateway in the clear`] : []),
      ...(!UNDER_WAY.includes(state) && (card.token !== null || card.email !== null) ? [`card ${id} is ${state}, and its token or address is kept`] : []),
    ]
  })
}
