/**
 * Members: one document for each customer who is one or wants to be. It decides: whoever changes it does so in the
 * transaction that read it, with the rows and mails of the change. A membership that another follows is kept for the
 * figures.
 */
import type { Card } from '#domain/card.ts'
import type { MailIntent } from '#domain/mail.ts'
import type { Member } from '#domain/member.ts'
import type { MemberChange, Scene } from '#domain/membership-change.ts'
import { noMembership } from '#domain/membership-orders.ts'
import { lookedAtNext } from '#domain/dunning.ts'
import type { Granted } from '#domain/settlement.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { doc, readOne, transact, type Data, type Doc, type Snapshot, type Unit } from '#platform/firestore.ts'
import { cardDoc, cardOf, releaseCard, useCard } from './cards.ts'
import { dueRecords } from './due.ts'
import { mailDoc, nudgeMails, queueMail } from './mails.ts'
import { addRows, outboxDoc } from './outbox.ts'

export function memberDoc(customerId: string): Promise<Doc> {
  return doc('memberships', customerId)
}

export function memberOf(snapshot: Snapshot): Member | undefined {
  return snapshot.data() as Member | undefined
}

export async function readMember(customerId: string): Promise<Member | undefined> {
  return memberOf(await readOne(await memberDoc(customerId)))
}

/** Here and now. */
export function scene(): Scene {
  const { STORE_TIMEZONE: timeZone, SHOP_NAME: shopName } = config('shop')
  return { timeZone, shopName, nowMs: now() }
}

/** A customer of whom nothing is known yet. */
export function newMember(customerId: string, email: string): Member {
  return {
    customerId, email, membership: null, charge: null, charges: 0, newsletter: false, nextAtMs: null, benefitsAtMs: null, version: 0,
    createdAtMs: now(), updatedAtMs: now(),
  }
}

export function memberData(member: Member): Data {
  return { ...member } as unknown as Data
}

/** Prepares what a change writes, and reads what it must; the returned function only writes. */
export async function memberWrites(unit: Unit, { member, past, uses }: Omit<Granted, 'kind'>): Promise<() => Promise<void>> {
  const place = await memberDoc(member.customerId)
  const pastPlace = past === undefined ? undefined : await doc('past_memberships', past.id)
  const [taken, released] = await Promise.all([uses?.taken, uses?.released].map((id) => cardIn(unit, id)))
  return async () => {
    unit.set(place, memberData(member))
    if (pastPlace !== undefined) unit.set(pastPlace, { customerId: member.customerId, membership: { ...past } })
    if (taken !== undefined) await useCard(unit, taken, uses?.user ?? '')
    if (released !== undefined) await releaseCard(unit, released, uses?.user ?? '')
  }
}

/** One that a payment leaves behind is not there yet; one that was never kept may be gone. */
async function cardIn(unit: Unit, cardId: string | null | undefined): Promise<Card | undefined> {
  return cardId == null ? undefined : cardOf(await unit.get(await cardDoc(cardId)))
}

/** What a rule of the domain makes of a member; undefined when there is nothing to change. */
export type MemberRule = (member: Member) => MemberChange | undefined

export interface ChangedMember {
  readonly member: Member
  readonly mails: readonly MailIntent[]
}

/**
 * Changes a member in the caller's transaction, with all that belongs to the change.
 * @throws Failure NOT_FOUND, or what the rule throws
 */
export async function changeMemberIn(unit: Unit, customerId: string, rule: MemberRule): Promise<ChangedMember> {
  const member = memberOf(await unit.get(await memberDoc(customerId)))
  if (member === undefined) throw noMembership()
  const change = rule(member)
  if (change === undefined) return { member, mails: [] }
  await writeChange(unit, change)
  return change
}

async function writeChange(unit: Unit, change: MemberChange): Promise<void> {
  const letters = await Promise.all(change.mails.map(async (intent) => ({ place: await mailDoc(intent.id), intent })))
  const rows = await outboxDoc()
  const write = await memberWrites(unit, change)
  await write()
  for (const { place, intent } of letters) queueMail(unit, place, intent)
  if (change.rows.length > 0) addRows(unit, rows, change.rows)
}

/** The same in a transaction of its own. */
export async function changeMember(customerId: string, rule: MemberRule): Promise<Member> {
  const { member, mails } = await transact((unit) => changeMemberIn(unit, customerId, rule))
  await nudgeMails(mails)
  return member
}

/** Looks at a member again later, if he would be looked at now. */
export async function lookAgainLater(customerId: string): Promise<void> {
  const place = await memberDoc(customerId)
  await transact(async (unit) => {
    const member = memberOf(await unit.get(place))
    if (member?.nextAtMs != null && member.nextAtMs <= now()) unit.update(place, { nextAtMs: lookedAtNext(member, scene()) })
  })
}

/** Members for whom something is due, the longest waiting first. */
export async function dueMembers(limit: number): Promise<Member[]> {
  return (await dueRecords('memberships', limit)).map((snapshot) => memberOf(snapshot) as Member)
}
