/**
 * Cards that Stripe keeps: a Stripe customer for each of ours, to whom a SetupIntent under our key attaches the card.
 *
 * Within 24 hours the key makes a repeated call safe; an older attempt is only looked up, by the key that its SetupIntent
 * carries. But under its key Stripe repeats what was so when it was first sent, its own errors too. So whoever comes later
 * looks first, and of an attempt that waited for its customer it is asked what is so now.
 */
import { createHash } from 'node:crypto'
import type { Stripe } from 'stripe'
import { VendorDown } from '#domain/breaker.ts'
import type { CardHolder, Fruitless, StoreCardOutcome, StoreCardRequest } from '#domain/payment.ts'
import { Failure } from '#values/failure.ts'
import { ID } from '#values/ids.ts'
import { MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { stripe } from './client.ts'
import { declineCodeOf, type Thrown } from './outcome.ts'
import { fruitless, isMismatch, KEY_LIVES_MS, listed, madeAround, notAnswered, tried } from './tries.ts'

/** From then on whoever calls comes again. */
const LATER_MS = MINUTE_MS

export async function storeCard(request: StoreCardRequest): Promise<StoreCardOutcome> {
  const ageMs = now() - request.createdAtMs
  const seen = ageMs > LATER_MS ? await searched(request) : undefined
  if (seen !== undefined) return seen
  // What is not there by now never will be.
  if (ageMs > KEY_LIVES_MS) return { status: 'declined', declineCode: 'too_late' }
  const holder = await holderOf(request)
  if (typeof holder !== 'string') return holder
  const client = await stripe()
  const params: Stripe.SetupIntentCreateParams = {
    customer: holder,
    payment_method: request.token,
    confirm: true,
    usage: 'off_session',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: { card_key: request.key, customer_id: request.customerId },
    expand: ['payment_method'],
  }
  const result = await tried((timeout) => client.setupIntents.create(params, { idempotencyKey: request.key, timeout }))
  if ('done' in result) return result.done.status === 'requires_action' ? asItIsNow(result.done) : outcomeOf(result.done)
  if (!isMismatch(result.thrown)) return refusedBy(result.thrown)
  return (await searched(request)) ?? unsure('the key stands for a setup that cannot be found')
}

export async function holderFor(customer: CardHolder): Promise<string> {
  const holder = await holderOf(customer)
  if (typeof holder === 'string') return holder
  const { reason, answered, retryAfterMs } = holder
  throw answered === true ? new Failure('SERVICE_UNAVAILABLE', { reason }) : new VendorDown({ reason, restMs: retryAfterMs })
}

type NotKnown = Extract<StoreCardOutcome, Fruitless>

/** The Stripe customer who stands for ours under this address; made when there is none. */
async function holderOf({ customerId, email }: CardHolder): Promise<string | NotKnown> {
  const client = await stripe()
  const known = await listed(
    (page, timeout) => client.customers.list({ email, ...page }, { timeout }),
    ({ metadata }) => metadata['customer_id'] === customerId,
  )
  if ('found' in known && known.found[0] !== undefined) return known.found[0].id
  if ('none' in known && known.none.status === 'unknown') return known.none
  const idempotencyKey = `holder:${createHash('sha256').update(`${customerId} ${email}`).digest('hex')}`
  const made = await tried((timeout) => client.customers.create({ email, metadata: { customer_id: customerId } }, { idempotencyKey, timeout }))
  if ('done' in made) return made.done.id
  return { status: made.thrown.again && made.thrown.lost ? 'unknown' : 'unavailable', ...fruitless(made.thrown) }
}

/** The card was attached to the holder whom its charge has named. */
export async function storePaying(_request: StoreCardRequest, transactionId: string): Promise<StoreCardOutcome> {
  const client = await stripe()
  const result = await tried((timeout) => client.paymentIntents.retrieve(transactionId, { expand: ['payment_method'] }, { timeout }))
  if (!('done' in result)) return { status: 'unknown', ...fruitless(result.thrown) }
  const method = result.done.payment_method
  if (method === null || typeof method === 'string' || method.customer === null) return { status: 'declined', declineCode: 'not_kept' }
  return storedIn(idOf(method.customer), method)
}

/** The attempt by its key, among those of its time; undefined when Stripe has none. */
async function searched(request: StoreCardRequest): Promise<StoreCardOutcome | undefined> {
  const client = await stripe()
  const created = madeAround(request.createdAtMs)
  const result = await listed(
    (page, timeout) => client.setupIntents.list({ created, ...page, expand: ['data.payment_method'] }, { timeout }),
    ({ metadata }) => metadata?.['card_key'] === request.key,
  )
  if ('none' in result) return result.none.status === 'unknown' ? result.none : undefined
  const best = result.found.find(({ status }) => status === 'succeeded') ?? result.found[0]
  return best === undefined ? undefined : outcomeOf(best)
}

/** If that is not answered, it is as it was. */
async function asItIsNow(setup: Stripe.SetupIntent): Promise<StoreCardOutcome> {
  const seen = await findSetup(setup.id)
  return seen.status === 'unknown' ? outcomeOf(setup) : seen
}

export async function findSetup(setupId: string): Promise<StoreCardOutcome> {
  const client = await stripe()
  const result = await tried((timeout) => client.setupIntents.retrieve(setupId, { expand: ['payment_method'] }, { timeout }))
  return 'done' in result ? outcomeOf(result.done) : { status: 'unknown', ...fruitless(result.thrown) }
}

/** What an event says of an attempt of ours: which card, by which setup. */
export function setupIn(payload: string): { readonly cardId: string | null; readonly setupId: string } {
  const { data } = JSON.parse(payload) as Stripe.Event
  const { id, metadata } = data.object as Stripe.SetupIntent
  const cardId = metadata?.['card_key']
  return { setupId: id, cardId: cardId !== undefined && ID.test(cardId) ? cardId : null }
}

function outcomeOf(setup: Stripe.SetupIntent): StoreCardOutcome {
  const { status, customer, payment_method: method } = setup
  switch (status) {
    case 'succeeded':
      if (method === null || typeof method === 'string') return unsure('a setup without its card')
      // A setup stays what it was when its card is forgotten.
      if (method.customer === null) return { status: 'declined', declineCode: 'card_removed' }
      return storedIn(idOf(customer), method)
    case 'requires_action':
      return { status: 'requires_action', clientSecret: setup.client_secret ?? '', nextAction: setup.next_action ?? null, setupId: setup.id }
    case 'requires_payment_method':
      return { status: 'declined', declineCode: declineCodeOf(setup.last_setup_error) }
    case 'canceled':
      return { status: 'declined', declineCode: 'abandoned' }
    default:
      return unsure(`a setup that is ${status}`)
  }
}

function unsure(reason: string): StoreCardOutcome {
  return { status: 'unknown', reason: `stripe: ${reason}`, answered: true }
}

function idOf(customer: string | { readonly id: string } | null): string {
  return typeof customer === 'string' ? customer : (customer?.id ?? '')
}

function storedIn(customer: string, { id, card, type }: Stripe.PaymentMethod): StoreCardOutcome {
  const facts = { brand: card?.brand ?? type, last4: card?.last4 ?? '', expiryMonth: card?.exp_month ?? null, expiryYear: card?.exp_year ?? null }
  return { status: 'stored', reference: `${customer}/${id}`, card: facts }
}

function refusedBy(thrown: Thrown): StoreCardOutcome {
  if (thrown.again) return { status: thrown.lost ? 'unknown' : 'unavailable', ...fruitless(thrown) }
  if (thrown.outcome.status === 'declined') return { status: 'declined', declineCode: thrown.outcome.declineCode }
  return { status: 'unavailable', ...fruitless(thrown) }
}

/** What a reference says to Stripe. */
export function storedAs(reference: string): { readonly customer: string; readonly payment_method: string } {
  const [customer = '', method = ''] = reference.split('/')
  return { customer, payment_method: method }
}

/** Whether it is gone is asked of the card itself when Stripe does not detach it. */
export async function removeCard(reference: string): Promise<'removed' | 'unknown'> {
  if (reference.startsWith('seti_')) return endSetup(reference)
  const { payment_method: method } = storedAs(reference)
  const client = await stripe()
  const result = await tried((timeout) => client.paymentMethods.detach(method, {}, { timeout }))
  return 'done' in result ? 'removed' : isGone(method, result.thrown)
}

async function isGone(method: string, thrown: Thrown): Promise<'removed' | 'unknown'> {
  if (thrown.again) throw notAnswered(thrown)
  const client = await stripe()
  const seen = await tried((timeout) => client.paymentMethods.retrieve(method, {}, { timeout }))
  if ('done' in seen) return seen.done.customer === null ? 'removed' : 'unknown'
  if (seen.thrown.again) throw notAnswered(seen.thrown)
  return seen.thrown.outcome.status === 'declined' ? 'removed' : 'unknown'
}

/** A customer who was faster has his card kept: then it is that which goes. */
async function endSetup(setupId: string): Promise<'removed' | 'unknown'> {
  const client = await stripe()
  const ended = await tried((timeout) => client.setupIntents.cancel(setupId, { cancellation_reason: 'abandoned' }, { timeout }))
  if ('done' in ended) return 'removed'
  if (ended.thrown.again) throw notAnswered(ended.thrown)
  const seen = await tried((timeout) => client.setupIntents.retrieve(setupId, {}, { timeout }))
  if (!('done' in seen)) throw notAnswered(seen.thrown)
  const { status, payment_method: method, customer } = seen.done
  if (status === 'canceled') return 'removed'
  return status === 'succeeded' && typeof method === 'string' ? removeCard(`${idOf(customer)}/${method}`) : 'unknown'
}
