/**
 * Forgetting a customer: which stores hold something of him, how far it has got, and the certificate that says so.
 *
 * Store by store, a few records at a time, so that it can stop anywhere and be taken up again. When his cards are let go of
 * his key is destroyed: from then on nothing that was sealed or hashed under it can be read, compared or guessed, wherever
 * a copy of it lies. Orders stay, since the books need them, and name nobody; one that is still open is waited for.
 */
import { Failure } from '#values/failure.ts'
import { HOUR_MS, iso, MINUTE_MS } from '#values/time.ts'
import type { Signed } from './certificate.ts'
import type { Answer } from './order.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { ErasureShown } from './shown/customer.ts'

export interface Holding {
  readonly done: 'destroyed' | 'deleted' | 'anonymised' | 'expires' | 'kept'
  /** For whoever reads the certificate. */
  readonly about: string
  /** The store that must be through before: with the key nobody could tell the payment service any more which card is to go. */
  readonly after?: string
}

/**
 * Every store that holds something of a customer, in the order in which it is dealt with. Whatever is destroyed, deleted
 * or anonymised has its eraser in `shared/stores/erasers.ts`: a new store is a line here and one there.
 */
export const HOLDINGS = {
  memberships: { done: 'anonymised', about: 'Memberships, cancelled where one ran: e-mail address, words of the customer. Tier and months stay for the figures.' },
  cards: { done: 'deleted', after: 'memberships', about: 'Saved cards, here and at the payment service.' },
  customer_keys: { done: 'destroyed', after: 'cards', about: 'The key under which personal data were sealed and hashed. Without it they cannot be read, compared or guessed, in backups neither once those of the key have ended.' },
  age_verifications: { done: 'deleted', after: 'customer_keys', about: 'Hashes of name and birth date, sealed digits of the identity card, sealed e-mail address, IP address and browser of the age check.' },
  tax_exemptions: { done: 'deleted', after: 'customer_keys', about: 'Sealed number of an exemption certificate.' },
  orders: { done: 'anonymised', about: 'E-mail address, name and street, IP address and its country, browser, device, tracking number, words of the customer. What was bought and paid stays for the books.' },
  order_notes: { done: 'anonymised', after: 'orders', about: 'What staff have written about his orders.' },
  mails: { done: 'anonymised', about: 'Address, subject and text of mails, also as a copy; what was not sent yet is not sent any more. That an address is to get no mail stays known, under a keyed hash.' },
  carts: { done: 'deleted', about: 'Carts with what is in them.' },
  age_deposits: { done: 'kept', about: 'Deposits of age checks: amount, dates and the customer\'s id, for the books.' },
  member_benefits: { done: 'kept', about: 'What his memberships brought: month, kind and the customer\'s id.' },
  promo_uses: { done: 'kept', about: 'That a promo code was used, under a keyed hash of the customer and his mailbox.' },
  inbox: { done: 'expires', about: 'Messages of payment services about payments, and of the mail service about mails under a keyed hash of the address: deleted 45 days after they were handled.' },
  operations: { done: 'expires', about: 'Answers kept for repeated requests: deleted after a day.' },
  warehouse_receipts: { done: 'expires', about: 'Copies of rows for the warehouse, with the IP address of his calls: deleted when they were found there, within two hours.' },
  limit_counters: { done: 'expires', about: 'Hashed counts of tries: deleted after two hours.' },
  'warehouse commerce.age_verifications': { done: 'kept', about: 'Proof of each age check, for 7 years (TX DSHS): its hashes and sealed digits are dead without the key. IP address and browser of each attempt stay with it.' },
  'warehouse commerce': { done: 'kept', about: 'Orders, payments, memberships and the ledger, for 7 years (tax law): amounts and the customer\'s id, no name and no address.' },
  'warehouse engagement.mails': { done: 'kept', about: 'Campaign mails, for 2 years: the customer\'s id, when they were opened and clicked, no address. None is added after.' },
  'warehouse audit.events': { done: 'kept', about: 'Who changed what, for 7 years, sealed against alteration: the customer\'s id and the IP address of his calls, no name, address or birth date.' },
  'payment services': { done: 'kept', about: 'Stripe and Authorize.Net keep what they must of the payments they made.' },
  'mail service': { done: 'expires', about: 'Resend keeps mails that it has delivered for as long as the shop\'s plan there says.' },
} as const satisfies Record<string, Holding>

export type Store = keyof typeof HOLDINGS
type Erasing = 'destroyed' | 'deleted' | 'anonymised'
/** Stores that something is done to. */
export type ErasedStore = { [Name in Store]: (typeof HOLDINGS)[Name]['done'] extends Erasing ? Name : never }[Store]

const ERASING: readonly string[] = ['destroyed', 'deleted', 'anonymised'] satisfies Erasing[]
export const ERASED_STORES = (Object.keys(HOLDINGS) as Store[]).filter((store): store is ErasedStore => ERASING.includes(HOLDINGS[store].done))

export interface Step {
  /** Records that were changed, in all. */
  readonly records: number
  /** Where the pass through the store goes on; null when it is at an end, or has not begun. */
  readonly cursor: string | null
  /** Records that could not be changed in this pass, because something about them is still open. */
  readonly waits: number
  readonly done: boolean
}

/** What one transaction did to a store, and perhaps to others that belong to the same records. */
export interface Batch {
  readonly touched: Partial<Record<ErasedStore, number>>
  readonly cursor: string | null
  readonly waits: number
}

export interface CertifiedStore extends Pick<Holding, 'done' | 'about'> {
  readonly store: Store
  /** Null where nothing was done. */
  readonly records: number | null
}

export interface ErasureFacts {
  readonly id: string
  /** Grows when something is erased after it was issued. */
  readonly version: number
  readonly shop: string
  readonly customerId: string
  readonly requestedAt: string
  readonly erasedAt: string
  readonly stores: readonly CertifiedStore[]
}

export type ErasureCertificate = Signed<ErasureFacts>

export interface Erasure {
  /** Of the call that asked for it. */
  readonly id: string
  readonly customerId: string
  readonly by: string
  readonly reason: string
  readonly requestHash: string
  readonly state: 'running' | 'done'
  readonly steps: Readonly<Record<ErasedStore, Step>>
  readonly startedAtMs: number
  readonly version: number
  readonly certificate: ErasureCertificate | null
  /** Given to whoever asked, and again to the same call. */
  readonly answer: Answer | null
  /** How often everything was gone through. */
  readonly looks: number
  /** When everything is looked through once more, for what was being written while it ran; null when that is done. */
  readonly secondLookAtMs: number | null
  /** When the sweep goes on with it; null when nothing is left. */
  readonly nextAtMs: number | null
}

/** The sweep leaves it so long to whoever asked. */
const RUNNER_MS = 2 * MINUTE_MS
/** Longer than any call that had begun before, and may have written since. */
const LOOK_AGAIN_MS = 15 * MINUTE_MS
const WAIT_MS = HOUR_MS
const FRESH: Step = { records: 0, cursor: null, waits: 0, done: false }

export interface ErasureWish extends Pick<Erasure, 'id' | 'customerId' | 'by' | 'reason' | 'requestHash'> {
  readonly nowMs: number
}

export interface ErasureChange {
  readonly erasure: Erasure
  readonly rows: readonly WarehouseRow[]
}

/**
 * Asks for it. Who asks while it is under way joins; who asks when it is done has everything looked through anew.
 * @throws Failure IDEMPOTENCY_MISMATCH
 */
export function askErasure(known: Erasure | undefined, wish: ErasureWish): ErasureChange {
  const { nowMs, ...asked } = wish
  if (known?.id === wish.id && known.requestHash !== wish.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
  if (known !== undefined && (known.id === wish.id || known.state === 'running')) return { erasure: known, rows: [] }
  const steps = Object.fromEntries(ERASED_STORES.map((store) => [store, { ...FRESH, records: known?.steps[store]?.records ?? 0 }])) as Erasure['steps']
  const erasure: Erasure = {
    ...asked, state: 'running', steps, startedAtMs: nowMs, version: known?.version ?? 0, certificate: null, answer: null, looks: 0,
    secondLookAtMs: null, nextAtMs: nowMs + RUNNER_MS,
  }
  return { erasure, rows: [audit(erasure, { what: 'customer.erasure_requested', after: { erasureId: wish.id }, atMs: nowMs })] }
}

/** After a part of a store. */
export function afterBatch(erasure: Erasure, store: ErasedStore, { touched, cursor, waits }: Batch): Erasure {
  const step = erasure.steps[store]
  const waiting = (step.cursor === null ? 0 : step.waits) + waits
  const steps = { ...erasure.steps, [store]: { ...step, cursor, waits: waiting, done: cursor === null && waiting === 0 } }
  for (const [name, records] of Object.entries(touched) as Array<[ErasedStore, number]>) steps[name] = { ...steps[name], records: steps[name].records + records }
  return { ...erasure, steps }
}

/** Whether a store may be dealt with: the one before it, if there is one, is through. */
export function mayBegin(erasure: Erasure, store: ErasedStore): boolean {
  const { after }: Holding = HOLDINGS[store]
  return after === undefined || erasure.steps[after as ErasedStore].done
}

export function isThrough(erasure: Erasure): boolean {
  return ERASED_STORES.every((store) => erasure.steps[store].done)
}

/** Something is still open: an order that may yet be paid, a refund on its way. */
export function parked(erasure: Erasure, nowMs: number): Erasure {
  return { ...erasure, nextAtMs: nowMs + WAIT_MS }
}

/** What is to be gone through now: once more everything, if its time has come. */
export function resumed(erasure: Erasure, nowMs: number): Erasure {
  if (erasure.state === 'running' || erasure.secondLookAtMs === null || erasure.secondLookAtMs > nowMs) return erasure
  const steps = Object.fromEntries(ERASED_STORES.map((store) => [store, { ...erasure.steps[store], ...FRESH, records: erasure.steps[store].records }])) as Erasure['steps']
  return { ...erasure, state: 'running', steps, secondLookAtMs: null }
}

/** Everything is through: certified, unless the certificate says it already. */
export function finished(erasure: Erasure, facts: { readonly shop: string; readonly sign: (facts: ErasureFacts) => ErasureCertificate; readonly nowMs: number }): ErasureChange {
  const { shop, sign, nowMs } = facts
  const secondLookAtMs = erasure.looks === 0 ? nowMs + LOOK_AGAIN_MS : null
  const over = { ...erasure, state: 'done' as const, looks: erasure.looks + 1, secondLookAtMs, nextAtMs: secondLookAtMs }
  const stores = certified(erasure)
  if (erasure.certificate !== null && sum(erasure.certificate.certificate.stores) === sum(stores)) return { erasure: over, rows: [] }
  const version = erasure.version + 1
  const { id, customerId, startedAtMs } = erasure
  const certificate = sign({ id, version, shop, customerId, requestedAt: iso(startedAtMs), erasedAt: iso(nowMs), stores })
  const done: Erasure = { ...over, version, certificate }
  const answer = erasure.answer ?? { status: 200, body: JSON.stringify({ success: true, ...erasureView(done), timestamp: iso(nowMs) }) }
  const records = Object.fromEntries(ERASED_STORES.map((store) => [store, erasure.steps[store].records]))
  return { erasure: { ...done, answer }, rows: [audit(erasure, { what: 'customer.erased', after: { certificate: id, version, records }, atMs: nowMs })] }
}

function certified(erasure: Erasure): CertifiedStore[] {
  return (Object.keys(HOLDINGS) as Store[]).map((store) => {
    const step = ERASED_STORES.find((erased) => erased === store)
    const { done, about } = HOLDINGS[store]
    return { store, done, about, records: step === undefined ? null : erasure.steps[step].records }
  })
}

function sum(stores: readonly CertifiedStore[]): number {
  return stores.reduce((all, { records }) => all + (records ?? 0), 0)
}

/** Why it was asked for, staff have written: it goes on the audit trail, not on the certificate. */
function audit({ id, customerId, by, reason, version }: Erasure, { what, after, atMs }: { what: string; after: unknown; atMs: number }): WarehouseRow {
  return auditEvent({ id: `${id}-${what.split('.')[1]}-${version + 1}`, who: by, what, subject: customerId, before: null, after, why: reason, requestId: null, ip: null, atMs })
}

export function erasureView(erasure: Erasure): ErasureShown {
  const { customerId, state, by, reason, startedAtMs, certificate } = erasure
  const waits = ERASED_STORES.map((store) => ({ store, records: erasure.steps[store].waits })).filter(({ records }) => records > 0)
  return {
    erasure: { customerId, state, requestedBy: by, reason, requestedAt: iso(startedAtMs), waitsFor: state === 'done' ? [] : waits },
    ...(certificate ?? { certificate: null }),
  }
}
