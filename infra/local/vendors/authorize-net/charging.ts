/**
 * A charge: authorised and captured at once, or authorised only; by a nonce of Accept.js, a stored profile or a test card.
 *
 * There are no idempotency keys. What keeps one payment from being made twice is that a nonce works once, and that the
 * same transaction within its duplicate window is refused; if the window was named, the refusal names the original.
 */
import { toMinor } from '../../../../shared/values/money.ts'
import type { Account } from './account.ts'
import { isElement } from './elements.ts'
import type { Particulars, ProfileReference, Transaction } from './kept.ts'
import { Failed, Refusal } from './refusal.ts'
import { behaviourOf, cardTyped, DECLINED, nameOf, type Behaviour } from './test-nonces.ts'
import { exactly } from './notifications.ts'

export type Element = Readonly<Record<string, unknown>>

const ACCEPT = 'COMMON.ACCEPT.INAPP.PAYMENT'
const WINDOW = { usual: 120, most: 28_800 }
/** The zip code whose cards are declined in the sandbox. */
const DECLINED_ZIP = '46282'

export function charge(account: Account, asked: Element, capture: boolean): Transaction {
  const amount = amountOf(account, asked)
  const particulars = particularsOf(asked)
  const { behaviour, profile } = instrumentOf(account, asked)
  const window = windowOf(asked)
  const key = JSON.stringify([behaviour.card.number, text(asked, 'poNumber'), amount, particulars, window.seconds])
  refuseDuplicate(account, key, window.named)
  const declined = particulars.billTo['zip'] === DECLINED_ZIP
  const code = declined ? 2 : behaviour.code
  const transaction = account.transactions.add({
    ...particulars,
    id: account.nextId('transaction'),
    type: capture ? 'authCaptureTransaction' : 'authOnlyTransaction',
    status: code === 2 ? 'declined' : code === 4 ? heldAs(behaviour) : taken(capture),
    responseCode: code,
    reason: declined ? DECLINED : behaviour.reason,
    authCode: code === 1 || (code === 4 && behaviour.authorised) ? account.authCode() : '',
    authAmount: amount,
    settleAmount: amount,
    card: behaviour.card,
    refTransId: null,
    submittedMs: account.now(),
    duplicate: code === 2 ? null : { key, untilMs: account.now() + window.seconds * 1000 },
    filtered: code === 4,
    failsOnApproval: behaviour.failsOnApproval,
    batchId: null,
    profile,
  })
  if (code === 4) tellOf(account, 'fraud.held', transaction)
  else if (code === 1) tellOf(account, capture ? 'authcapture.created' : 'authorization.created', transaction)
  return transaction
}

function heldAs({ authorised }: Behaviour): Transaction['status'] {
  return authorised ? 'FDSAuthorizedPendingReview' : 'FDSPendingReview'
}

export function taken(capture: boolean): Transaction['status'] {
  return capture ? 'capturedPendingSettlement' : 'authorizedPendingCapture'
}

/** Tells the webhooks what happened to a transaction; the order's own number is not always in what they are told. */
export function tellOf(account: Account, event: string, transaction: Transaction): void {
  const { id, responseCode, authCode, authAmount, invoiceNumber } = transaction
  const isCharge = event !== 'void.created' && event !== 'refund.created'
  account.notifications.tell(`net.authorize.payment.${event}`, {
    responseCode,
    ...(isCharge ? { authCode } : {}),
    avsResponse: isCharge ? 'Y' : 'P',
    authAmount: exactly(account.digits(authAmount)),
    ...(invoiceNumber === null || Number(id) % 2 === 0 ? {} : { invoiceNumber }),
    entityName: 'transaction',
    id,
  })
}

export function amountOf(account: Account, asked: Element): number {
  const currency = text(asked, 'currencyCode')
  if (currency !== undefined && currency !== account.currency) {
    throw new Failed('39', 'The supplied currency code is either invalid, not supported, not allowed for this merchant or doesn\'t have an exchange rate.')
  }
  const amount = toMinor(String(asked['amount'] ?? ''), account.currency)
  if (amount === undefined || amount <= 0) throw new Failed('5', 'A valid amount is required.')
  return amount
}

export function particularsOf(asked: Element): Particulars {
  const [order, customer, billTo] = [element(asked, 'order'), element(asked, 'customer'), element(asked, 'billTo')]
  return {
    invoiceNumber: text(order, 'invoiceNumber') ?? null,
    description: text(order, 'description') ?? null,
    customerId: text(customer, 'id') ?? null,
    email: text(customer, 'email') ?? null,
    billTo: Object.fromEntries(Object.entries(billTo).map(([name, value]) => [name, String(value)])),
  }
}

interface Instrument {
  readonly behaviour: Behaviour
  readonly profile: ProfileReference | null
}

function instrumentOf(account: Account, asked: Element): Instrument {
  if (isElement(asked['profile'])) return profileUsed(account, asked['profile'])
  return { behaviour: behaviourOfPayment(account, element(asked, 'payment')).behaviour, profile: null }
}

/** What the payment element stands for. Its nonce is used up by being asked about. */
export function behaviourOfPayment(account: Account, payment: Element): { behaviour: Behaviour; token: string } {
  if (isElement(payment['opaqueData'])) {
    const token = nonceUsed(account, payment['opaqueData'])
    return { behaviour: behaviourOf(token), token }
  }
  if (!isElement(payment['creditCard'])) throw new Failed('33', 'Credit card number is required.')
  return { behaviour: cardTyped(text(payment['creditCard'], 'cardNumber') ?? ''), token: 'tok_visa_test' }
}

/** The name of a nonce that is good, and is not any more. */
function nonceUsed(account: Account, { dataDescriptor, dataValue }: Element): string {
  if (dataDescriptor !== ACCEPT) throw new Refusal('E00116', 'OTS Service Error \'Field validation error.\'')
  const nonce = String(dataValue)
  const name = nameOf(nonce)
  if (name === undefined || account.usedNonces.has(nonce)) throw new Refusal('E00114', 'Invalid OTS Token.')
  if (nonce !== name) account.usedNonces.set(nonce, true)
  return name
}

function profileUsed(account: Account, asked: Element): Instrument {
  const customerProfileId = text(asked, 'customerProfileId') ?? ''
  const customerPaymentProfileId = text(element(asked, 'paymentProfile'), 'paymentProfileId') ?? ''
  const cards = account.profiles.get(customerProfileId)?.paymentProfiles
  const stored = cards?.find((one) => one.customerPaymentProfileId === customerPaymentProfileId)
  if (stored === undefined) throw new Refusal('E00040', 'Customer Profile ID or Customer Payment Profile ID not found.')
  const behaviour = { ...behaviourOf(stored.token), card: stored.card }
  return { behaviour, profile: { customerProfileId, customerPaymentProfileId } }
}

function windowOf(asked: Element): { readonly seconds: number; readonly named: boolean } {
  const settings = element(asked, 'transactionSettings')['setting']
  const list = (Array.isArray(settings) ? settings : [settings]).filter(isElement)
  const named = list.find(({ settingName }) => settingName === 'duplicateWindow')
  if (named === undefined) return { seconds: WINDOW.usual, named: false }
  const seconds = Number(named['settingValue'])
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > WINDOW.most) {
    throw new Refusal('E00013', 'The duplicateWindow setting is invalid.')
  }
  return { seconds, named: true }
}

/** @throws Failed 11, with the original where the window was named */
function refuseDuplicate(account: Account, key: string, named: boolean): void {
  for (const earlier of account.transactions.older()) {
    if (earlier.submittedMs < account.now() - WINDOW.most * 1000) return
    if (earlier.duplicate?.key !== key || earlier.duplicate.untilMs <= account.now()) continue
    throw duplicateOf(earlier, named)
  }
}

function duplicateOf({ id, authCode }: Transaction, named: boolean): Failed {
  return new Failed('11', 'A duplicate transaction has been submitted.', named ? { id, authCode } : undefined)
}

/** The same guard for a transaction that is no charge. */
export function guarded(account: Account, asked: Element, parts: readonly unknown[]): NonNullable<Transaction['duplicate']> {
  const window = windowOf(asked)
  const key = JSON.stringify([...parts, particularsOf(asked), window.seconds])
  refuseDuplicate(account, key, window.named)
  return { key, untilMs: account.now() + window.seconds * 1000 }
}

export function element(of: Element, name: string): Element {
  const inner = of[name]
  return isElement(inner) ? inner : {}
}

export function text(of: Element, name: string): string | undefined {
  const value = of[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
