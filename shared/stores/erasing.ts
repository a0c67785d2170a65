/**
 * Erasures in the store: one record a customer says how far it has got. Each part of the work is written in one commit
 * with it, on the version that was read, so that it can be cut off anywhere, gone on with by anybody, also by two at once,
 * and counts right.
 */
import type { Card } from '#domain/card.ts'
import { certificateText, type Signed } from '#domain/certificate.ts'
import {
  afterBatch, askErasure, ERASED_STORES, finished, isThrough, mayBegin, parked, resumed, type ErasedStore, type Erasure, type ErasureFacts, type ErasureWish,
} from '#domain/erasure.ts'
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { collection, doc, readOne, readQuery, revise, type Doc, type Snapshot, type Unit } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { certificateKey } from '#platform/signing-keys.ts'
import { cardOf } from './cards.ts'
import { ERASERS } from './erasers.ts'
import { addRows, outboxDoc } from './outbox.ts'

function erasureDoc(customerId: string): Promise<Doc> {
  return doc('erasures', customerId)
}

export function erasureOf(snapshot: Snapshot): Erasure | undefined {
  return snapshot.data() as Erasure | undefined
}

export async function readErasure(customerId: string): Promise<Erasure | undefined> {
  return erasureOf(await readOne(await erasureDoc(customerId)))
}

/** Writes that a customer is to be forgotten. */
export async function startErasure(wish: ErasureWish): Promise<Erasure> {
  const [place, outbox] = [await erasureDoc(wish.customerId), await outboxDoc()]
  return revise(async (unit) => {
    const known = erasureOf(await unit.get(place))
    const { erasure, rows } = askErasure(known, wish)
    if (erasure === known) return known
    unit.set(place, { ...erasure })
    addRows(unit, outbox, rows)
    return erasure
  })
}

export interface Erasing {
  readonly hasTime: () => boolean
  /** Has the payment service forget a card. */
  readonly removeCard: (card: Card) => Promise<unknown>
}

/** Goes through all stores, as far as time and open orders let it. @returns how it stands then */
export async function goOnErasing(found: Erasure, { hasTime, removeCard }: Erasing): Promise<Erasure> {
  const place = await erasureDoc(found.customerId)
  let erasure = found.state === 'running' ? found : await changed(place, (known) => resumed(known, now()))
  for (const store of ERASED_STORES) {
    while (isToErase(erasure, store) && hasTime()) {
      erasure = await eraseSome(place, store)
      if (erasure.steps[store].cursor === null) break
    }
    if (store !== 'cards' || !isToErase(erasure, store)) continue
    await removeCards(erasure.customerId, removeCard)
    erasure = await eraseSome(place, store)
  }
  return erasure.state === 'running' && hasTime() ? concluded(place) : erasure
}

function isToErase(erasure: Erasure, store: ErasedStore): boolean {
  return erasure.state === 'running' && !erasure.steps[store].done && mayBegin(erasure, store)
}

/** What the payment service does not answer now, the sweep of cards asks it later; the erasure waits. */
async function removeCards(customerId: string, removeCard: Erasing['removeCard']): Promise<void> {
  const leaving = await readQuery((await collection('cards')).where('customerId', '==', customerId).where('state', '==', 'removing'))
  for (const snapshot of leaving) {
    await removeCard(cardOf(snapshot) as Card).catch((error: unknown) => log.warn('a card could not be removed now', { cardId: snapshot.id, why: String(error) }))
  }
}

async function changed(place: Doc, rule: (known: Erasure, unit: Unit) => Erasure | Promise<Erasure>): Promise<Erasure> {
  return revise(async (unit) => {
    const known = erasureOf(await unit.get(place))
    if (known === undefined) throw new Failure('NOT_FOUND', { message: 'No erasure was asked for.' })
    const after = await rule(known, unit)
    if (after !== known) unit.set(place, { ...after })
    return after
  })
}

function eraseSome(place: Doc, store: ErasedStore): Promise<Erasure> {
  return changed(place, async (known, unit) => {
    const { cursor } = known.steps[store]
    return isToErase(known, store) ? afterBatch(known, store, await ERASERS[store](unit, known.customerId, cursor)) : known
  })
}

async function concluded(place: Doc): Promise<Erasure> {
  const outbox = await outboxDoc()
  return changed(place, (known, unit) => {
    if (known.state === 'done') return known
    if (!isThrough(known)) return parked(known, now())
    const { erasure, rows } = finished(known, { shop: config('shop').SHOP_NAME, sign: signed, nowMs: now() })
    if (rows.length > 0) addRows(unit, outbox, rows)
    return erasure
  })
}

function signed(certificate: ErasureFacts): Signed<ErasureFacts> {
  const { publicKey, sign } = certificateKey()
  return { certificate, algorithm: 'Ed25519', publicKey, signature: sign(certificateText(certificate)) }
}
