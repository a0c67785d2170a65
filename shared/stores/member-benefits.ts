/** What members get each month: made once for each month, in one commit with the mail that tells of it; handed over once. */
import { benefitsOfMonth, given, type Benefit } from '#domain/member-benefits.ts'
import type { Member } from '#domain/member.ts'
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readQuery, transact, type Data, type Doc, type Query, type Snapshot } from '#platform/firestore.ts'
import { unsubscribeUrl } from './mail-addresses.ts'
import { mailDoc, nudgeMails, queueMail } from './mails.ts'
import { memberData, memberDoc, memberOf, scene } from './members.ts'
import { addRows, outboxDoc } from './outbox.ts'
import { readPage, type PageWish } from './pages.ts'

function benefitDoc(benefitId: string): Promise<Doc> {
  return doc('member_benefits', benefitId)
}

function benefitOf(snapshot: Snapshot): Benefit | undefined {
  return snapshot.data() as Benefit | undefined
}

/** Members for whom a month has begun, the longest waiting first. */
export async function membersAwaitingBenefits(limit: number): Promise<Member[]> {
  const found = await readQuery((await collection('memberships')).where('benefitsAtMs', '<=', now()).orderBy('benefitsAtMs').limit(limit))
  return found.map((snapshot) => memberOf(snapshot) as Member)
}

/** @returns how many benefits the month has brought; undefined when it had before */
export async function bringBenefits(customerId: string): Promise<number | undefined> {
  const [place, outbox] = [await memberDoc(customerId), await outboxDoc()]
  const month = await transact(async (unit) => {
    const member = memberOf(await unit.get(place))
    const brought = member === undefined ? undefined : benefitsOfMonth(member, { ...scene(), unsubscribeUrl: unsubscribeUrl(member.email) })
    if (brought === undefined) return undefined
    const places = await Promise.all(brought.benefits.map(async (benefit) => ({ benefit, at: await benefitDoc(benefit.id) })))
    const letters = await Promise.all(brought.mails.map(async (intent) => ({ intent, at: await mailDoc(intent.id) })))
    unit.set(place, memberData(brought.member))
    for (const { benefit, at } of places) unit.create(at, { ...benefit } as unknown as Data)
    for (const { intent, at } of letters) queueMail(unit, at, intent, outbox)
    return brought
  })
  await nudgeMails(month?.mails ?? [])
  return month?.benefits.length
}

/**
 * Writes that a gift was handed over.
 * @throws Failure NOT_FOUND, or as `given`
 */
export async function giveBenefit(benefitId: string, by: string): Promise<Benefit> {
  const [place, rows] = [await benefitDoc(benefitId), await outboxDoc()]
  return transact(async (unit) => {
    const benefit = benefitOf(await unit.get(place))
    if (benefit === undefined) throw new Failure('NOT_FOUND')
    const handed = given(benefit, by, now())
    if (handed === undefined) return benefit
    unit.set(place, { ...handed.benefit } as unknown as Data)
    addRows(unit, rows, [handed.row])
    return handed.benefit
  })
}

export interface BenefitFilter extends PageWish {
  readonly status: Benefit['status']
  readonly customerId?: string | undefined
}

export interface BenefitPage {
  readonly benefits: readonly Benefit[]
  readonly nextCursor: string | null
}

/** The longest waiting first. */
export async function listBenefits({ status, customerId, ...page }: BenefitFilter): Promise<BenefitPage> {
  let query: Query = (await collection('member_benefits')).where('status', '==', status)
  if (customerId !== undefined) query = query.where('customerId', '==', customerId)
  const { found, nextCursor } = await readPage(query.orderBy('createdAtMs').orderBy('__name__'), 'createdAtMs', page)
  return { benefits: found.map((snapshot) => benefitOf(snapshot) as Benefit), nextCursor }
}
