/**
 * Who gets no mail, or no campaigns, any more. A record is found by a name that follows from the mailbox: mails, counters,
 * messages and links hold that name and no address. Each change leaves its audit event in the same commit.
 */
import { timingSafeEqual } from 'node:crypto'
import { canonicalAddress, heldBack, lifted, type HoldWish, type MailAddress, type Scope } from '#domain/mail-address.ts'
import { addressesOf } from '#domain/mail-record.ts'
import type { MailIntent } from '#domain/mail.ts'
import type { WarehouseRow } from '#domain/rows.ts'
import { cursorOf, cursorParts } from '#values/cursor.ts'
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { collection, doc, readOne, readQuery, type Doc, type Query, type Snapshot, type Unit } from '#platform/firestore.ts'
import { addRows, outboxDoc } from './outbox.ts'

/** The name of the record of whoever an address belongs to. */
export function addressId(address: string): string {
  return derivedId('adr', ['mail address', canonicalAddress(address)])
}

/** The names of all that a mail goes to, each once. */
export function recipientsOf({ to, cc = [], bcc = [] }: Pick<MailIntent, 'to' | 'cc' | 'bcc'>): string[] {
  return [...new Set([...addressesOf(to), ...cc, ...bcc].map(addressId))]
}

export function addressDoc(id: string): Promise<Doc> {
  return doc('mail_addresses', id)
}

export function addressOf(snapshot: Snapshot | undefined): MailAddress | undefined {
  return snapshot?.data() as MailAddress | undefined
}

/**
 * Reads whose mail is to be held back; the returned function writes it, in the caller's transaction, when all of that has
 * been read. Safe to ask for twice.
 */
export async function holding(unit: Unit, wishes: readonly HoldWish[]): Promise<() => MailAddress[]> {
  const ids = [...new Set(wishes.map(({ id }) => id))]
  const places = await Promise.all(ids.map(addressDoc))
  const outbox = await outboxDoc()
  const known = (await unit.getAll(...places)).map(addressOf)
  return () => {
    const rows: WarehouseRow[] = []
    const after = ids.map((id, place) => wishes.filter((wish) => wish.id === id).reduce((before, wish) => {
      const change = heldBack(before, wish, now())
      if (change !== undefined) rows.push(change.row)
      return change?.address ?? before
    }, known[place]))
    for (const [place, address] of after.entries()) {
      if (address !== undefined && address !== known[place]) unit.set(places[place] as Doc, { ...address })
    }
    if (rows.length > 0) addRows(unit, outbox, rows)
    return after.flatMap((address) => address ?? [])
  }
}

export async function readAddress(id: string): Promise<MailAddress | undefined> {
  return addressOf(await readOne(await addressDoc(id)))
}

/** Lifts what is held, in the caller's transaction. */
export async function liftHold(unit: Unit, id: string, { scope, reason }: { scope: Scope; reason: string }): Promise<MailAddress> {
  const [place, outbox] = [await addressDoc(id), await outboxDoc()]
  const before = addressOf(await unit.get(place))
  if (before === undefined) throw new Failure('NOT_FOUND', { message: 'Suppression not found.' })
  const change = lifted(before, scope, reason, now())
  if (change === undefined) return before
  unit.set(place, { ...change.address })
  addRows(unit, outbox, [change.row])
  return change.address
}

export interface HeldPage {
  readonly addresses: readonly MailAddress[]
  readonly nextCursor: string | null
}

/** Addresses that are held, the latest change first. */
export async function listHeld({ scope, cursor, limit }: { scope: Scope; cursor?: string | undefined; limit: number }): Promise<HeldPage> {
  let query: Query = (await collection('mail_addresses')).where('held', 'array-contains', scope).orderBy('updatedAtMs', 'desc').orderBy('id', 'desc')
  if (cursor !== undefined) query = query.startAfter(...cursorParts(cursor))
  const found = (await readQuery(query.limit(limit + 1))).map((snapshot) => addressOf(snapshot) as MailAddress)
  const addresses = found.slice(0, limit)
  const last = found.length > limit ? addresses.at(-1) : undefined
  return { addresses, nextCursor: last === undefined ? null : cursorOf(last.updatedAtMs, last.id) }
}

/** What ends campaigns to an address, for whoever has it. */
function signatureOf(id: string): string {
  return derivedId('uns', ['unsubscribe', id])
}

/** The link that a campaign mail carries: it stays good for ever, as the law wants it. */
export function unsubscribeUrl(address: string): string {
  const id = addressId(address)
  return `${config('shop').PUBLIC_URL.replace(/\/$/, '')}/api/unsubscribe/${id}.${signatureOf(id)}`
}

/** Whose link it is; undefined when we did not sign it. */
export function addressIn(token: string): string | undefined {
  const [id = '', signature = ''] = token.split('.')
  const [given, right] = [Buffer.from(signature), Buffer.from(signatureOf(id))]
  return given.length === right.length && timingSafeEqual(given, right) && token === `${id}.${signature}` ? id : undefined
}
