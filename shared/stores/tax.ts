/** What a sale's tax follows from: the shop's rate table, where the goods change hands, and who is exempt. */
import { granted, isExempt, revoked, type ExemptionChange, type ExemptionWish, type TaxExemption } from '#domain/tax-exemption.ts'
import { taxTableOf, type TaxRates } from '#domain/totals.ts'
import { Failure } from '#values/failure.ts'
import { config } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { seal, unseal } from '#platform/envelope.ts'
import { doc, readOne, transact, type Doc, type Snapshot } from '#platform/firestore.ts'
import { customerKey } from './customer-keys.ts'
import { addRows, outboxDoc } from './outbox.ts'

/**
 * The tax port's default: the shop's own rate table, by destination where goods are shipped, else by the store's state.
 * @param shipTo the state of the destination; undefined: they change hands in the store
 */
export function taxRates({ shipTo, exemption }: { shipTo: string | undefined; exemption: TaxExemption | undefined }): TaxRates {
  const { STORE_STATE, TAX_RATES, TAX_INCLUSIVE } = config('shop')
  const state = shipTo ?? STORE_STATE
  return { state, inclusive: TAX_INCLUSIVE, exempt: isExempt(exemption, state, now()), table: taxTableOf(TAX_RATES) }
}

/** Where it stands whether a customer is exempt; undefined where nobody is asked for tax, or nobody is known. */
export async function exemptionAsked(customerId: string | null): Promise<Doc | undefined> {
  return customerId === null || config('shop').TAX_RATES.length === 0 ? undefined : exemptionDoc(customerId)
}

export function exemptionDoc(customerId: string): Promise<Doc> {
  return doc('tax_exemptions', customerId)
}

export function exemptionOf(snapshot: Snapshot | undefined): TaxExemption | undefined {
  return snapshot?.data() as TaxExemption | undefined
}

export async function readExemption(customerId: string): Promise<TaxExemption | undefined> {
  return exemptionOf(await readOne(await exemptionDoc(customerId)))
}

/** The exemption of whoever buys, where it matters. */
export async function exemptionFor(customerId: string | null): Promise<TaxExemption | undefined> {
  const asked = await exemptionAsked(customerId)
  return asked === undefined ? undefined : exemptionOf(await readOne(asked))
}

/** The certificate's number, as it was given. */
export async function certificateOf({ customerId, certificate }: TaxExemption): Promise<string> {
  return unseal(await customerKey(customerId), sealedFor(customerId), certificate)
}

/** Safe to run twice: the later one counts. */
export async function grantExemption(wish: ExemptionWish, reason: string): Promise<TaxExemption> {
  const sealed = seal(await customerKey(wish.customerId), sealedFor(wish.customerId), wish.certificate)
  return changed(wish.customerId, (before) => granted(before, { ...wish, certificate: sealed }, { reason, nowMs: now() }))
}

/** Safe to run twice: what is revoked stays so. */
export async function revokeExemption(customerId: string, reason: string): Promise<TaxExemption> {
  return changed(customerId, (before) => {
    if (before === undefined) throw new Failure('NOT_FOUND', { message: 'This customer has no tax exemption.' })
    return revoked(before, { reason, nowMs: now() })
  })
}

async function changed(customerId: string, rule: (before: TaxExemption | undefined) => ExemptionChange | undefined): Promise<TaxExemption> {
  const [place, outbox] = [await exemptionDoc(customerId), await outboxDoc()]
  return transact(async (unit) => {
    const before = exemptionOf(await unit.get(place))
    const change = rule(before)
    if (change === undefined) return before as TaxExemption
    unit.set(place, { ...change.exemption })
    addRows(unit, outbox, [change.row])
    return change.exemption
  })
}

function sealedFor(customerId: string): string[] {
  return ['tax exemption', customerId]
}
