/**
 * Places the order of a membership's charge: decided on the membership and written on it in one transaction, before
 * anybody is charged. So there is one charge at a time, and one order for one click, however often it comes.
 */
import type { Setting } from '#domain/dunning.ts'
import type { Member } from '#domain/member.ts'
import { beingPaid, begun, chargeOrder, type Charge } from '#domain/membership-orders.ts'
import type { Draft } from '#domain/new-order.ts'
import { endedUncharged, isOpen, type Order } from '#domain/order.ts'
import { Failure } from '#values/failure.ts'
import { HOUR_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { derivedId } from '#platform/derived.ts'
import { transact, type Snapshot, type Unit } from '#platform/firestore.ts'
import { breakerDoc, entrance, type Pass } from './breakers.ts'
import { countedUp, refuseOver } from './limits.ts'
import { memberData, memberDoc, memberOf, newMember, scene } from './members.ts'
import { orderData, orderDoc, orderOf } from './orders.ts'
import { countedIn, countersOf, judged, keptOf, type Counted } from './velocity.ts'

type Click = Pick<Draft, 'token' | 'requestHash' | 'runner' | 'ip' | 'ipCountry' | 'userAgent' | 'deviceId'>

export interface ChargeWish {
  readonly customerId: string
  /** Without it, the member's own. */
  readonly email?: string
  /** The order that the caller's key stands for; without one it follows from what is charged. */
  readonly keyedOrderId: string | undefined
  readonly click: Click
  /** A person asks: it counts in his limits, and what is unusual is looked at. */
  readonly byPerson: boolean
  /** What comes of it while another charge is under way; without it, it is refused. */
  readonly ifBusy?: 'leave'
  /** Names the order when no key does: the same for whoever asks for the same at the same point. */
  readonly named: (member: Member | undefined) => readonly string[]
  /** What is to be charged; undefined: nothing. Throws why it may not be. */
  readonly decide: (member: Member | undefined, setting: Setting, orderId: string) => Charge | undefined
}

/** `pass`: written by us just now, and its gateway's breaker let it through. */
export interface PlacedCharge {
  readonly order: Order
  readonly pass?: Pass
}

/**
 * Writes the order of a charge, or finds the one that this click stands for.
 * @throws Failure as `decide`, RATE_LIMITED, CONFLICT while another charge is under way, SERVICE_UNAVAILABLE (breaker)
 */
export async function placeCharge(wish: ChargeWish): Promise<PlacedCharge> {
  const placed = await placeIfDue(wish)
  if (placed === undefined) throw new Failure('INTERNAL_ERROR', { reason: 'a charge of nothing' })
  return placed
}

/** The same where perhaps nothing is to be charged, or somebody else is charging it: then undefined. */
export async function placeIfDue(wish: ChargeWish): Promise<PlacedCharge | undefined> {
  const place = await memberDoc(wish.customerId)
  return transact(async (unit) => {
    const member = memberOf(await unit.get(place))
    const orderId = await orderIdFor(unit, wish, member)
    if (typeof orderId !== 'string') return { order: orderId }
    const running = await runningCharge(unit, member)
    if (running !== undefined) return joinable(wish, running)
    const charge = wish.decide(member, scene(), orderId)
    return charge === undefined ? undefined : written(unit, wish, { member, orderId, charge })
  })
}

/** Where this click's order belongs, or the order itself. One that was certainly not charged makes way for the next try of its key. */
async function orderIdFor(unit: Unit, wish: ChargeWish, member: Member | undefined): Promise<string | Order> {
  let orderId = wish.keyedOrderId ?? derivedId('ord', wish.named(member))
  for (;;) {
    const found = orderOf(await unit.get(await orderDoc(orderId)))
    if (found === undefined) return orderId
    if (found.requestHash !== wish.click.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
    if (!endedUncharged(found)) return found
    orderId = derivedId('ord', ['again', found.id])
  }
}

/** Ours, by a commit that took effect unseen, or that of the same click; whose it is otherwise, runs it. */
function joinable({ keyedOrderId, click, ifBusy }: ChargeWish, running: Order): PlacedCharge | undefined {
  const isSameClick = keyedOrderId === undefined && running.requestHash === click.requestHash
  if (running.runner === click.runner || isSameClick) return { order: running }
  if (ifBusy === 'leave') return undefined
  throw beingPaid(running.id)
}

async function runningCharge(unit: Unit, member: Member | undefined): Promise<Order | undefined> {
  if (member?.charge == null) return undefined
  const order = orderOf(await unit.get(await orderDoc(member.charge.orderId)))
  return order !== undefined && isOpen(order) ? order : undefined
}

interface Decided {
  readonly member: Member | undefined
  readonly orderId: string
  readonly charge: Charge
}

async function written(unit: Unit, wish: ChargeWish, { member, orderId, charge }: Decided): Promise<PlacedCharge> {
  const { customerId, click } = wish
  const email = wish.email ?? member?.email ?? ''
  const counters = wish.byPerson ? await countersFor(unit, wish, email) : []
  for (const { counter, limit } of counters) refuseOver(counter, limit, HOUR_MS)
  const drawn = chargeOrder(charge, { ...click, id: orderId, customerId, email, nowMs: now() })
  const { order, hours } = wish.byPerson ? judged(drawn, counters) : { order: drawn, hours: [] }
  const admitted = await entranceFor(unit, order)
  unit.create(await orderDoc(order.id), orderData(order))
  unit.set(await memberDoc(customerId), memberData(begun(member ?? newMember(customerId, email), order)))
  for (const [index, { counter }] of counters.entries()) unit.set(counter.doc, countedUp(counter, keptOf(hours[index] as (typeof hours)[number])))
  admitted?.write(unit)
  return { order, ...(admitted === undefined ? {} : { pass: admitted.pass }) }
}

async function countersFor(unit: Unit, { customerId, click }: ChargeWish, email: string): Promise<Counted[]> {
  const places = await countersOf({ customerId, email, ip: click.ip, deviceId: click.deviceId ?? null })
  const found = await unit.getAll(...places.map(({ doc }) => doc))
  return places.map((place, index) => countedIn(place, found[index] as Snapshot))
}

/** What costs nothing asks no gateway. */
async function entranceFor(unit: Unit, { payment }: Order): Promise<ReturnType<typeof entrance> | undefined> {
  if (payment.gateway === 'none') return undefined
  const doc = await breakerDoc(payment.gateway)
  return entrance({ vendor: payment.gateway, doc, snapshot: await unit.get(doc) })
}
