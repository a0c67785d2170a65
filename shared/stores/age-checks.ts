/**
 * Age checks in the store. One document a customer decides; it is read with his key, and written with the attempt's row
 * and what staff are told, in the attempt's own transaction. Nothing that was typed is kept: hashes of name and birth date
 * and the sealed digits need the customer's key, so that without it nobody can tell them again.
 */
import { ageOn, nameForm, type Identity } from '#domain/age.ts'
import { endsSoon, isValid, judge, reminderMail, repeppered, revoked, type AgeAccount, type Hashes, type Judgement } from '#domain/age-check.ts'
import type { AlertChange } from '#domain/alert.ts'
import type { MailIntent } from '#domain/mail.ts'
import type { Answer } from '#domain/order.ts'
import { dateIn } from '#domain/civil-day.ts'
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { pepperNames, pseudonym, seal, unseal } from '#platform/envelope.ts'
import { collection, countOf, doc, readOne, transact, type Doc, type Snapshot, type Unit } from '#platform/firestore.ts'
import { addAlertChange, alertPlace } from './alerts.ts'
import { customerKeyDoc, keyIn, keyOrNew } from './customer-keys.ts'
import { mailDoc, queueMail } from './mails.ts'
import { listOrdersOf } from './orders.ts'
import { addRows, outboxDoc } from './outbox.ts'

export function ageDoc(customerId: string): Promise<Doc> {
  return doc('age_verifications', customerId)
}

export function ageAccountIn(snapshot: Snapshot): AgeAccount | undefined {
  return snapshot.data() as AgeAccount | undefined
}

export async function readAgeAccount(customerId: string): Promise<AgeAccount | undefined> {
  return ageAccountIn(await readOne(await ageDoc(customerId)))
}

export interface AgeAttempt {
  /** Made before the transaction: a second run of it finds what the first has written. */
  readonly id: string
  readonly customerId: string
  readonly identity: Identity
  readonly email: string | null
  readonly ip: string
  readonly userAgent: string
}

export interface Attempted {
  readonly answer: Answer
  /** This very attempt was a full check, and it passed. */
  readonly passed: boolean
  /** To be nudged when it is committed. */
  readonly alerts: readonly AlertChange[]
}

/**
 * Checks an age inside the caller's transaction.
 * @throws Failure CONFLICT when the customer was erased
 */
export async function attemptIn(unit: Unit, attempt: AgeAttempt): Promise<Attempted> {
  const { id, customerId, identity, email, ip, userAgent } = attempt
  const [found, keys] = (await unit.getAll(await ageDoc(customerId), await customerKeyDoc(customerId))) as [Snapshot, Snapshot]
  const before = ageAccountIn(found)
  if (before?.last.id === id) return { answer: before.last.answer, passed: before.verification?.id === id, alerts: [] }
  const key = keyOrNew(unit, keys, customerId)
  const sealed = (field: string, plain: string): string => seal(key, [customerId, id, field], plain)
  const hashes = (pepper?: string): Hashes => ({
    nameHash: pseudonym(key, ['full name', nameForm(identity.fullName)], pepper), dateOfBirthHash: pseudonym(key, ['date of birth', identity.dateOfBirth], pepper),
  })
  const known = before === undefined ? undefined : underPresentPepper(before, hashes)
  const [pepper = ''] = pepperNames()
  const judgement = judge(known, {
    id, customerId, ip, userAgent, pepper, ...hashes(),
    idNumber: sealed('id number', identity.idNumberLast4),
    email: email === null ? null : sealed(EMAIL, email),
    state: identity.state,
    age: ageOn(identity.dateOfBirth, todayInStore()),
    nowMs: now(),
  })
  return written(unit, found.ref, judgement)
}

/** As if its hashes had always been made with the present pepper, as far as this attempt can tell. */
function underPresentPepper(account: AgeAccount, hashes: (pepper?: string) => Hashes): AgeAccount {
  const names = pepperNames()
  const [present = ''] = names
  const { pepper = names.at(-1) ?? present } = account
  return pepper === present ? account : repeppered(account, names.includes(pepper) ? hashes(pepper) : undefined, { ...hashes(), pepper: present })
}

/** Accounts whose hashes are made with the pepper before the present one: their customers were not there since it was rotated. */
export async function countUnderOldPepper(): Promise<number | undefined> {
  const [, previous] = pepperNames()
  return previous === undefined ? undefined : countOf((await collection('age_verifications')).where('pepper', '==', previous))
}

const EMAIL = 'e-mail'

/** The date at the shop. */
export function todayInStore(): string {
  return dateIn(config('shop').STORE_TIMEZONE, now())
}

async function written(unit: Unit, place: Doc, { account, rows, alerts }: Judgement): Promise<Attempted> {
  unit.set(place, { ...account })
  addRows(unit, await outboxDoc(), rows)
  const changes = alerts.map((raise): AlertChange => ({ raise }))
  for (const change of changes) addAlertChange(unit, await alertPlace(), change)
  return { answer: account.last.answer, passed: account.verification?.id === account.last.id, alerts: changes }
}

/**
 * Takes a customer's verification back.
 * @param id of the call: when its own commit was lost, it is told what it has done
 * @throws Failure NOT_FOUND when there is none
 */
export async function revokeAge(customerId: string, id: string): Promise<Answer> {
  const place = await ageDoc(customerId)
  return transact(async (unit) => {
    const account = ageAccountIn(await unit.get(place))
    if (account?.last.id === id) return account.last.answer
    if (account === undefined || account.verification === null) throw new Failure('NOT_FOUND', { message: 'This customer has no age verification.' })
    return (await written(unit, place, revoked(account, account.verification, { id, nowMs: now() }))).answer
  })
}

/** Queues the reminder of a verification that ends; undefined when there is nothing to be sent, or nobody knows where to. */
export async function remindOfAge({ customerId, verification: ending }: AgeAccount): Promise<MailIntent | undefined> {
  const [place, keyPlace] = [await ageDoc(customerId), await customerKeyDoc(customerId)]
  // Whoever was verified at the counter has told no address there; perhaps he has bought something since.
  const bought = ending?.email === null ? (await listOrdersOf({ customerId, limit: 1 })).orders[0]?.email : undefined
  return transact(async (unit) => {
    const [found, keys] = (await unit.getAll(place, keyPlace)) as [Snapshot, Snapshot]
    const account = ageAccountIn(found)
    const verification = account?.verification ?? null
    if (account === undefined || verification === null || account.nextAtMs === null || !endsSoon(verification, now())) return undefined
    unit.update(place, { nextAtMs: null })
    const key = keyIn(keys, customerId)
    const to = verification.email === null || key === undefined ? bought : unseal(key, [customerId, verification.id, EMAIL], verification.email)
    if (to === undefined || !isValid(verification, now())) return undefined
    const { STORE_TIMEZONE, SHOP_NAME } = config('shop')
    const mail = reminderMail(verification, { to, customerId, day: dateIn(STORE_TIMEZONE, verification.expiresAtMs), shopName: SHOP_NAME })
    queueMail(unit, await mailDoc(mail.id), mail)
    return mail
  })
}
