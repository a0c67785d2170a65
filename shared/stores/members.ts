/**
 * Members: one document for each customer who is one or wants to be. It decides: whoever changes it does so in the
 * transaction that read it, with the rows and mails of the change. A membership that another follows is kept for the
 * figures.
 */
import type { Member } from '#domain/member.ts'
import type { MemberChange, Scene } from '#domain/membership-change.ts'
import type { Granted } from '#domain/settlement.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { doc, readOne, transact, type Data, type Doc, type Snapshot, type Unit, type Writer } from '#platform/firestore.ts'
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
    customerId, email, membership: null, charge: null, charges: 0, newsletter: false, nextAtMs: null, version: 0, createdAtMs: now(), updatedAtMs: now(),
  }
}

export function memberData(member: Member): Data {
  return { ...member } as unknown as Data
}

/** Prepares what a granted change writes; the returned function only writes. */
export async function memberWrites({ member, past }: Omit<Granted, 'kind'>): Promise<(writer: Writer) => void> {
  const place = await memberDoc(member.customerId)
  const pastPlace = past === undefined ? undefined : await doc('past_memberships', past.id)
  return (writer) => {
    writer.set(place, memberData(member))
    if (pastPlace !== undefined) writer.set(pastPlace, { customerId: member.customerId, membership: { ...past } })
  }
}

/** Changes a member by a rule of the domain, in the caller's transaction. Undefined when nothing is to be changed. */
export async function changeMemberIn(unit: Unit, customerId: string, rule: (member: Member | undefined) => MemberChange | undefined): Promise<{ member: Member | undefined; change: MemberChange | undefined }> {
  const member = memberOf(await unit.get(await memberDoc(customerId)))
  const change = rule(member)
  if (change !== undefined) await writeChange(unit, change)
  return { member: change?.member ?? member, change }
}

async function writeChange(unit: Unit, change: MemberChange): Promise<void> {
  const letters = await Promise.all(change.mails.map(async (intent) => ({ place: await mailDoc(intent.id), intent })))
  const rows = await outboxDoc()
  const write = await memberWrites(change)
  write(unit)
  for (const { place, intent } of letters) queueMail(unit, place, intent)
  if (change.rows.length > 0) addRows(unit, rows, change.rows)
}

/** The same in a transaction of its own. */
export async function changeMember(customerId: string, rule: (member: Member | undefined) => MemberChange | undefined): Promise<Member | undefined> {
  const { member, change } = await transact((unit) => changeMemberIn(unit, customerId, rule))
  await nudgeMails(change?.mails ?? [])
  return member
}

/** Members for whom something is due, the longest waiting first. */
export async function dueMembers(limit: number): Promise<Member[]> {
  return (await dueRecords('memberships', limit)).map((snapshot) => memberOf(snapshot) as Member)
}
