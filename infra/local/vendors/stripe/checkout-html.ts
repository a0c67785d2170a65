/**
 * The hosted page as a browser shows it: what is bought, test cards to choose from, the bank's question, the way back.
 *
 * A form and nothing else, so that a person and a test use it alike. Paid, it sends the customer where the session says.
 */
import type { HttpAnswer } from '../../http-ports.ts'
import type { Account } from './account.ts'
import { BANK_TRANSFER, payPage } from './checkout-page.ts'
import { knownSession, sessionItems } from './checkout-sessions.ts'
import { authenticate } from './confirming.ts'
import type { PaymentIntent, Session } from './kept.ts'
import { written } from './money.ts'
import { Refusal } from './refusal.ts'

const CHOICES: Readonly<Record<string, string>> = {
  pm_card_visa: 'A card that works',
  pm_card_visa_chargeDeclined: 'A card that is declined',
  pm_card_authenticationRequired: 'A card whose bank asks who you are',
  [BANK_TRANSFER]: 'A bank transfer, which arrives later',
}

/** @param form what the customer sent; undefined when he only looks */
export function checkoutHtml(account: Account, id: string, form: URLSearchParams | undefined): HttpAnswer {
  try {
    const trouble = form === undefined ? undefined : submitted(account, id, form)
    const session = knownSession(account, id)
    const { status, success_url } = session
    if (form !== undefined && status === 'complete' && success_url !== null) return onward(success_url, id)
    return html(200, shown(account, session, trouble))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return html(error.status, `<h1>${escaped(error.message)}</h1>`)
  }
}

/** @returns what the customer is told when it did not work */
function submitted(account: Account, id: string, form: URLSearchParams): string | undefined {
  const session = knownSession(account, id)
  if (session.status !== 'open') return undefined
  const answer = form.get('bank')
  const intent = intentOf(account, session)
  try {
    if (answer === null) {
      const paymentMethod = form.get('payment_method') ?? ''
      payPage(account, id, { paymentMethod, email: form.get('email') ?? '', name: form.get('name') })
    } else if (intent?.status === 'requires_action') authenticate(account, intent, answer === 'yes')
    return intentOf(account, knownSession(account, id))?.last_payment_error?.message
  } catch (error) {
    if (error instanceof Refusal && error.status === 402) return error.message
    throw error
  }
}

function intentOf(account: Account, { payment_intent }: Session): PaymentIntent | undefined {
  return payment_intent === null ? undefined : account.paymentIntents.get(payment_intent)
}

function shown(account: Account, session: Session, trouble: string | undefined): string {
  if (session.status === 'expired') return `<h1>This page has expired</h1>${back(session)}`
  if (session.status === 'complete') return `<h1>You have paid</h1>${link(session.success_url, session.id, 'Back to the shop')}`
  const currency = session.currency ?? 'usd'
  const items = sessionItems(account, session.id)
  const rows = items.map(({ quantity, description, amount_total }) => {
    return `<li>${quantity} × ${escaped(description ?? '')}: ${written(amount_total, currency)}</li>`
  })
  const asks = intentOf(account, session)?.status === 'requires_action'
  return [
    `<h1>Pay ${written(session.amount_total ?? 0, currency)}</h1><ul>${rows.join('')}</ul>`,
    trouble === undefined ? '' : `<p role="alert">${escaped(trouble)}</p>`,
    asks ? question() : cards(session.customer_email),
    back(session),
  ].join('\n')
}

function cards(email: string | null): string {
  const options = Object.entries(CHOICES).map(([id, label]) => `<option value="${id}">${label}</option>`)
  const known = email === null ? '' : ` value="${escaped(email)}" readonly`
  const fields = `<p><input name="email" type="email" required${known}></p><p><select name="payment_method">${options.join('')}</select></p>`
  return `<form method="post">${fields}<button>Pay</button></form>`
}

function question(): string {
  const answers = '<button name="bank" value="yes">Yes</button> <button name="bank" value="no">No</button>'
  return `<form method="post"><p>Your bank asks: is this you?</p>${answers}</form>`
}

function back(session: Session): string {
  return link(session.cancel_url, session.id, 'Leave without paying')
}

function link(url: string | null, id: string, text: string): string {
  return url === null ? '' : `<p><a href="${escaped(filled(url, id))}">${text}</a></p>`
}

function onward(url: string, id: string): HttpAnswer {
  return { status: 303, headers: { location: filled(url, id) }, body: '' }
}

/** Shops let their own address be told the session. */
function filled(url: string, id: string): string {
  return url.replaceAll('{CHECKOUT_SESSION_ID}', id)
}

function html(status: number, content: string): HttpAnswer {
  const head = '<meta charset="utf-8"><title>Checkout (simulated)</title>'
  const body = `<!doctype html><html lang="en">${head}<body>${content}</body></html>\n`
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
