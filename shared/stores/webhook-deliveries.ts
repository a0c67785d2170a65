/**
 * Events on their way to endpoints. An event is written with the order's rows, in the commit that moved it; here it
 * becomes one delivery for each endpoint that wants it, once: in the transaction that takes its mark from the outbox.
 *
 * A delivery is a record; a message is only a nudge, and the sweep gives those that were lost. No endpoint waits for
 * another: each delivery is a message of its own.
 */
import type { OrderEvent } from '#domain/order-event.ts'
import {
  afterTry, claimed, DELIVERY_KEPT_MS, isUsedUp, newDelivery, SENDER_MS, tellAgain, undeliverable, waitsUntil, type DeliveryStatus, type Told, type WebhookDelivery,
} from '#domain/webhook-delivery.ts'
import { disabledAlert, endpointKey, failedEndpoint, isResting, wellAgain, type WebhookEndpoint } from '#domain/webhook-endpoint.ts'
import { newId } from '#values/ids.ts'
import { DAY_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { collection, doc, fieldValue, readQuery, transact, type Data, type Doc, type Query, type Snapshot, type Unit } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { publish } from '#platform/pubsub.ts'
import { alertPlace, nudgeKeys, raiseAlert } from './alerts.ts'
import { dueRecords, holdBack } from './due.ts'
import { addRows, openEvents, outboxDoc, type OutboxEntry } from './outbox.ts'
import { readPage, type PageWish } from './pages.ts'
import { endpointDoc, endpointOf, listEndpoints } from './webhook-endpoints.ts'

export const WEBHOOK_TOPIC = 'webhook-due'

/** Writes of one commit, of which there may be 500. */
const WRITES_MAX = 400
const PAGE = 200
/** Events of one order that are on their way to one endpoint: more than an order has. */
const OF_ORDER_MAX = 20
const SWITCHED_OFF = 'Its endpoint is switched off.'

function deliveryDoc(id: string): Promise<Doc> {
  return doc('webhook_deliveries', id)
}

function deliveryOf(snapshot: Snapshot | undefined): WebhookDelivery | undefined {
  return snapshot?.data() as WebhookDelivery | undefined
}

function deliveryData(delivery: WebhookDelivery): Data {
  return { ...delivery, expireAt: delivery.nextAtMs === null ? new Date(now() + DELIVERY_KEPT_MS) : null }
}

/** Makes deliveries of the events that wait in the outbox, the oldest first. */
export async function announceDue(hasTime: () => boolean): Promise<number> {
  let made = 0
  const wanting = await listEndpoints()
  if (!wanting.some(({ active }) => active)) return made
  while (hasTime()) {
    const entries = await openEvents(PAGE)
    made += await announceTo(wanting, entries)
    if (entries.length < PAGE) break
  }
  return made
}

/** The same for entries that are about to leave the outbox: no event leaves it unannounced. */
export async function announce(entries: ReadonlyArray<OutboxEntry<Data>>): Promise<void> {
  const open = entries.filter(({ payload }) => payload['eventAtMs'] !== undefined)
  if (open.length > 0) await announceTo(await listEndpoints(), open)
}

async function announceTo(endpoints: readonly WebhookEndpoint[], entries: ReadonlyArray<OutboxEntry<Data>>): Promise<number> {
  const active = endpoints.filter((endpoint) => endpoint.active)
  if (active.length === 0) return 0
  const atOnce = Math.floor(WRITES_MAX / (active.length + 1))
  const { delete: taken } = await fieldValue()
  let made = 0
  for (let from = 0; from < entries.length; from += atOnce) {
    const places = entries.slice(from, from + atOnce).map((entry) => entry.doc)
    const deliveries = await transact(async (unit) => {
      const open = (await unit.getAll(...places)).filter((snapshot) => snapshot.get('eventAtMs') !== undefined)
      const wanted = open.flatMap((snapshot) => deliveriesOf(snapshot.get('event') as OrderEvent, active))
      for (const delivery of wanted) unit.create(await deliveryDoc(delivery.id), deliveryData(delivery))
      for (const snapshot of open) unit.update(snapshot.ref, { eventAtMs: taken() })
      return wanted
    })
    await nudgeDeliveries(deliveries)
    made += deliveries.length
  }
  return made
}

/** An endpoint is not told what happened before it was there. */
function deliveriesOf(event: OrderEvent, endpoints: readonly WebhookEndpoint[]): WebhookDelivery[] {
  return endpoints
    .filter(({ eventTypes, createdAtMs }) => createdAtMs <= event.atMs && (eventTypes.length === 0 || eventTypes.includes(event.type)))
    .map(({ id }) => newDelivery(id, event, now()))
}

/** Tells the senders of deliveries. If it fails, the sweep follows. */
export async function nudgeDeliveries(deliveries: readonly WebhookDelivery[]): Promise<void> {
  if (deliveries.length === 0) return
  try {
    await publish(WEBHOOK_TOPIC, deliveries.map(({ id, attempts }) => ({ attributes: { kind: 'webhook' }, data: { deliveryId: id, attempt: attempts } })))
  } catch (error) {
    log.warn('nudge failed, the sweep will follow', { why: String(error) })
  }
}

/** Nudges what is due: lost nudges, senders that died, next tries. */
export async function nudgeDue(hasTime: () => boolean): Promise<number> {
  let nudged = 0
  while (hasTime()) {
    const due = await dueRecords('webhook_deliveries', PAGE)
    await holdBack(due)
    await nudgeDeliveries(due.map((snapshot) => deliveryOf(snapshot) as WebhookDelivery))
    nudged += due.length
    if (due.length < PAGE) break
  }
  return nudged
}

export interface Sending {
  readonly delivery: WebhookDelivery
  readonly endpoint: WebhookEndpoint
  readonly sender: string
}

/** Takes the right to send; undefined when nothing is to be sent now. */
export async function claimDelivery(id: string, attempt: number): Promise<Sending | undefined> {
  const place = await deliveryDoc(id)
  const sender = newId('snd')
  return transact(async (unit) => {
    const delivery = deliveryOf(await unit.get(place))
    const mine = delivery === undefined ? undefined : claimed(delivery, { sender, attempt }, now())
    if (delivery === undefined || mine === undefined) return undefined
    const endpoint = endpointOf(await unit.get(await endpointDoc(delivery.endpointId)))
    const refusal = endpoint === undefined ? 'Its endpoint was removed.' : endpoint.active ? undefined : SWITCHED_OFF
    if (endpoint === undefined || refusal !== undefined || isUsedUp(mine)) {
      unit.set(place, deliveryData(undeliverable(delivery, refusal ?? delivery.lastError ?? 'No sender lived to tell.')))
      return undefined
    }
    const untilMs = isResting(endpoint, now()) ? rested(endpoint) : waitsUntil(delivery, await onTheirWay(unit, delivery), now())
    if (untilMs !== undefined) unit.update(place, { nextAtMs: untilMs })
    else unit.set(place, deliveryData(mine))
    return untilMs === undefined ? { delivery: mine, endpoint, sender } : undefined
  })
}

/** Not all that wait for it at one moment. */
function rested({ restUntilMs }: WebhookEndpoint): number {
  const jitter = Math.random() * SENDER_MS
  return (restUntilMs ?? 0) + Math.ceil(jitter)
}

/** What of the same order is on its way to the same endpoint, the oldest first. */
async function onTheirWay(unit: Unit, { endpointId, orderId }: WebhookDelivery): Promise<WebhookDelivery[]> {
  const snapshots = await unit.query(await pendingOf(endpointId, orderId))
  return inOrder(snapshots)
}

async function pendingOf(endpointId: string, orderId: string): Promise<Query> {
  const deliveries = await collection('webhook_deliveries')
  return deliveries.where('endpointId', '==', endpointId).where('orderId', '==', orderId).where('status', '==', 'pending').limit(OF_ORDER_MAX)
}

function inOrder(snapshots: readonly Snapshot[]): WebhookDelivery[] {
  return snapshots.map((snapshot) => deliveryOf(snapshot) as WebhookDelivery).sort((one, other) => one.version - other.version)
}

/** Writes what came of a try, on the delivery and on its endpoint, and lets the order's next event go. */
export async function noteTry({ delivery: { id, endpointId, orderId }, sender }: Sending, told: Told): Promise<void> {
  const [place, endpointPlace] = [await deliveryDoc(id), await endpointDoc(endpointId)]
  const [outbox, alert] = [await outboxDoc(), await alertPlace()]
  const jitter = Math.random()
  const disabled = await transact(async (unit) => {
    const [found, foundEndpoint] = (await unit.getAll(place, endpointPlace)) as [Snapshot, Snapshot]
    const delivery = deliveryOf(found)
    const after = delivery === undefined ? undefined : afterTry(delivery, sender, told, { nowMs: now(), jitter })
    if (after === undefined) return false
    const endpoint = endpointOf(foundEndpoint)
    const change = endpoint === undefined ? undefined : endpointAfter(endpoint, told)
    unit.set(place, deliveryData(change?.row === undefined ? after : undeliverable(after, after.lastError ?? SWITCHED_OFF)))
    if (change === undefined) return false
    unit.set(endpointPlace, { ...change.endpoint })
    if (change.row === undefined) return false
    addRows(unit, outbox, [change.row])
    raiseAlert(unit, alert, disabledAlert(change.endpoint))
    return true
  })
  if (disabled) await nudgeKeys([endpointKey(endpointId)])
  if (told.taken) await nudgeDeliveries(inOrder(await readQuery(await pendingOf(endpointId, orderId))).slice(0, 1))
}

function endpointAfter(endpoint: WebhookEndpoint, told: Told): ReturnType<typeof failedEndpoint> {
  if (!told.taken) {
    const disableAfterMs = config('webhooks').WEBHOOK_DISABLE_DAYS * DAY_MS
    return failedEndpoint(endpoint, { reason: told.reason, isGone: told.status === 410, disableAfterMs }, now())
  }
  const well = wellAgain(endpoint)
  return well === undefined ? undefined : { endpoint: well }
}

export interface DeliveryFilter {
  readonly endpointId?: string | undefined
  readonly status?: DeliveryStatus | undefined
  readonly type?: string | undefined
  /** Made at this moment or later, and before that one. */
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
}

/** The newest first. */
async function deliveriesBy({ endpointId, status, type, fromMs, toMs }: DeliveryFilter): Promise<Query> {
  let query: Query = await collection('webhook_deliveries')
  if (endpointId !== undefined) query = query.where('endpointId', '==', endpointId)
  if (status !== undefined) query = query.where('status', '==', status)
  if (type !== undefined) query = query.where('type', '==', type)
  if (fromMs !== undefined) query = query.where('createdAtMs', '>=', fromMs)
  if (toMs !== undefined) query = query.where('createdAtMs', '<', toMs)
  return query.orderBy('createdAtMs', 'desc').orderBy('__name__', 'desc')
}

export interface DeliveryPage {
  readonly deliveries: readonly WebhookDelivery[]
  readonly nextCursor: string | null
}

export async function listDeliveries(filter: DeliveryFilter & PageWish): Promise<DeliveryPage> {
  const { found, nextCursor } = await readPage(await deliveriesBy(filter), 'createdAtMs', filter)
  return { deliveries: found.map((snapshot) => deliveryOf(snapshot) as WebhookDelivery), nextCursor }
}

export interface ReplayedDeliveries {
  readonly replayed: readonly WebhookDelivery[]
  readonly refused: ReadonlyArray<{ readonly id: string; readonly reason: 'unknown' | 'pending' }>
  /** A filter may find more than go at once. */
  readonly more: boolean
}

/** Which of these would be told again: what is on its way is not told twice. Reads only. */
export async function toTellAgain(unit: Unit, which: readonly string[] | (DeliveryFilter & { readonly status: 'delivered' | 'dead' })): Promise<ReplayedDeliveries> {
  if (!('length' in which)) {
    const found = await unit.query((await deliveriesBy(which)).limit(REPLAY_MAX + 1))
    return { replayed: found.slice(0, REPLAY_MAX).map((snapshot) => deliveryOf(snapshot) as WebhookDelivery), refused: [], more: found.length > REPLAY_MAX }
  }
  const snapshots = await unit.getAll(...(await Promise.all(which.map(deliveryDoc))))
  const found = snapshots.map((snapshot) => ({ id: snapshot.id, delivery: deliveryOf(snapshot) }))
  const replayed = found.flatMap(({ delivery }) => (delivery === undefined || delivery.status === 'pending' ? [] : [delivery]))
  const passed = found.filter(({ delivery }) => delivery === undefined || delivery.status === 'pending')
  return { replayed, refused: passed.map(({ id, delivery }) => ({ id, reason: delivery === undefined ? 'unknown' : 'pending' })), more: false }
}

/** So many go back in one commit. */
export const REPLAY_MAX = 200

/** Puts them back, in the transaction that found them. */
export async function putBackDeliveries(unit: Unit, deliveries: readonly WebhookDelivery[], replayId: string): Promise<WebhookDelivery[]> {
  const again = deliveries.map((delivery) => tellAgain(delivery, replayId, now()))
  for (const delivery of again) unit.set(await deliveryDoc(delivery.id), deliveryData(delivery))
  return again
}
