/**
 * What a mail says, and to whom, is personal: it is kept as long as it is needed and not longer. That a mail was sent
 * stays on record, or it could be sent again.
 */
import { forgotten } from '#domain/mail-address.ts'
import { forgottenMail } from '#domain/mail-queue.ts'
import { addressesOf, type Mail } from '#domain/mail-record.ts'
import { NOBODY } from '#domain/mail.ts'
import { now } from '#platform/clock.ts'
import { collection, commit, readQuery, revise, type Snapshot, type Unit } from '#platform/firestore.ts'
import { addressDoc, addressId, addressOf } from './mail-addresses.ts'
import { changeMails, mailOf, type Changing } from './mails.ts'
import { outboxDoc } from './outbox.ts'

const PAGE = 100
/** Of one query. */
const PEOPLE_MAX = 30

/** Takes the text out of mails that were done long ago. @returns how many */
export async function stripBodies(hasTime: () => boolean): Promise<number> {
  const done = (await collection('mails')).where('bodyUntilMs', '<=', now()).orderBy('bodyUntilMs').limit(PAGE)
  let stripped = 0
  for (let more = true; more && hasTime(); ) {
    const found = await readQuery(done)
    if (found.length > 0) await commit((writer) => found.forEach(({ ref }) => writer.update(ref, { html: '', text: '', bodyUntilMs: null })))
    stripped += found.length
    more = found.length === PAGE
  }
  return stripped
}

export interface Forgetting {
  /** Mails that are blanked. */
  readonly count: number
  /** Whether no other mail to these people is left. */
  readonly isAll: boolean
  /** When all has been read that the caller reads. */
  readonly write: () => void
}

/**
 * Reads mails, and as many others as one commit takes that went to the same people, also as a copy; and what is known of
 * their addresses. That they are to get no mail stays known, by a name that only the address leads to.
 * @param addresses whose mails are meant besides
 */
export async function forgetting(unit: Unit, mails: readonly Snapshot[], addresses: readonly string[] = []): Promise<Forgetting> {
  const written = mails.flatMap((snapshot) => addressesOf(mailOf(snapshot)?.to ?? []))
  const ids = [...new Set([...written, ...addresses].filter((address) => address !== NOBODY).map(addressId))].slice(0, PEOPLE_MAX)
  const others = ids.length === 0 ? [] : await unit.query((await collection('mails')).where('recipients', 'array-contains-any', ids).limit(PAGE))
  const known = await unit.getAll(...(await Promise.all(ids.map(addressDoc))))
  const found = new Map([...mails, ...others].map((snapshot) => [snapshot.ref.path, snapshot]))
  const named = [...found.values()].filter((snapshot) => mailOf(snapshot)?.to !== NOBODY)
  const outbox = await outboxDoc()
  const write = (): void => {
    changeMails(unit, outbox, named.map(blanked))
    for (const snapshot of known) forgetAddress(unit, snapshot)
  }
  return { count: named.length, isAll: others.length < PAGE, write }
}

function blanked(snapshot: Snapshot): Changing {
  const mail = mailOf(snapshot) as Mail
  return { place: snapshot.ref, mail, change: forgottenMail(mail) }
}

function forgetAddress(unit: Unit, snapshot: Snapshot): void {
  const address = addressOf(snapshot)
  if (address === undefined) return
  const kept = forgotten(address, now())
  if (kept === undefined) unit.delete(snapshot.ref)
  else if (address.address !== null) unit.set(snapshot.ref, { ...kept })
}

/** Forgets whoever an address belongs to, customer or not; a mail that still waits is not sent. Safe to run again. */
export async function forgetMailsTo(address: string): Promise<void> {
  for (let isAll = false; !isAll; ) {
    isAll = await revise(async (unit) => {
      const forgets = await forgetting(unit, [], [address])
      forgets.write()
      return forgets.isAll
    })
  }
}
