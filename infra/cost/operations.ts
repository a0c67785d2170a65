/**
 * What a shop does all day, each of it so often, and everything that follows counted with it: mails, rows, stock, webhooks.
 * Several are done before what follows them, as sweeps and batches find them in a shop that is not asleep.
 */
import { Shopper, type Answer } from '../bench/shopper.ts'
import { PRODUCT } from '../bench/shop.ts'

export interface Floor {
  readonly url: URL
  readonly admin: Shopper
}

export interface Operation {
  readonly name: string
  /** Path of an endpoint without which there is no such operation. */
  readonly needs: string
  /** Made before anything is counted; whatever it answers is handed to the operation. */
  readonly prepare?: (floor: Floor) => Promise<Made>
  readonly run: (floor: Floor, made: Made) => Promise<unknown>
}

/** What was made ready. */
export interface Made {
  readonly buyer?: Shopper
  readonly cartId?: string
  readonly orderId?: string
  readonly eventId?: string
}

const CARD = { token: 'pm_card_visa' }
const KAJA = { gateway: 'kaja', token: 'tok_visa_test' }

export const OPERATIONS: readonly Operation[] = [
  { name: 'a page of products', needs: '/api/products', run: async ({ admin }) => good(await admin.call('GET', '/api/products?limit=20')) },
  { name: 'a cart opened and filled', needs: '/api/carts', prepare: entered, run: (_, { buyer }) => known(buyer).fillCart(PRODUCT) },
  { name: 'a checkout by Stripe', needs: '/api/checkout', prepare: filled, run: (_, made) => pay(made, CARD) },
  { name: 'a checkout by KAJA', needs: '/api/checkout', prepare: filled, run: (_, made) => pay(made, KAJA) },
  { name: 'a hosted session, paid', needs: '/api/checkout/sessions', prepare: filled, run: payHosted },
  {
    name: 'a refund', needs: '/api/orders/:orderId/refunds', prepare: bought,
    run: async ({ admin }, { orderId }) => good(await admin.call('POST', `/api/orders/${orderId}/refunds`, { amount: 10, reason: 'measured' })),
  },
  {
    name: 'a webhook of what is known', needs: '/api/webhooks/stripe', prepare: told,
    run: async ({ admin }, { eventId }) => good(await admin.call('POST', `/_local/vendors/stripe/events/${eventId}/resend`)),
  },
  {
    name: 'a mail', needs: '/api/emails', prepare: entered,
    run: async ({ admin }, { buyer }) => good(await admin.call('POST', '/api/emails', {
      to: `${known(buyer).id}@example.com`, template: 'notice', variables: { subject: 'Your jars', title: 'Your jars are ready', paragraphs: ['Come by.'] },
    })),
  },
  {
    name: 'an age check', needs: '/api/age-verification/verify', prepare: entered,
    run: async (_, { buyer }) => good(await known(buyer).call('POST', '/api/age-verification/verify', {
      customerId: known(buyer).id, fullName: 'Maria Gomez', dateOfBirth: '1990-01-01', state: 'TX', idNumberLast4: '1234',
    })),
  },
  { name: 'a membership begun', needs: '/api/memberships/subscribe', prepare: entered, run: (_, made) => subscribe(made) },
  {
    name: 'an order looked at', needs: '/api/orders/:orderId', prepare: bought,
    run: async (_, { buyer, orderId }) => good(await known(buyer).call('GET', `/api/orders/${orderId}`)),
  },
  { name: 'a look at the dashboard', needs: '/api/bigquery/dashboard', run: async ({ admin }) => good(await admin.call('GET', '/api/bigquery/dashboard')) },
]

export async function subscribe({ buyer }: Made): Promise<unknown> {
  const { id } = known(buyer)
  return good(await known(buyer).call('POST', '/api/memberships/subscribe', { customerId: id, email: `${id}@example.com`, tier: 'GOLD', paymentMethod: CARD }))
}

export async function entered({ url }: Floor): Promise<Made> {
  return { buyer: await Shopper.enter(url) }
}

async function filled(floor: Floor): Promise<Made> {
  const { buyer } = await entered(floor)
  return { buyer: known(buyer), cartId: await known(buyer).fillCart(PRODUCT) }
}

async function bought(floor: Floor): Promise<Made> {
  const made = await filled(floor)
  return { ...made, orderId: String((await pay(made, CARD)).body['orderId']) }
}

async function told(floor: Floor): Promise<Made> {
  await bought(floor)
  await floor.admin.call('POST', '/_local/drain')
  const events = (await floor.admin.call('GET', '/_local/vendors/stripe/objects/events')).body['objects'] as Array<{ id: string; type: string }>
  return { eventId: events.findLast(({ type }) => type === 'payment_intent.succeeded')?.id ?? '' }
}

async function pay({ buyer, cartId }: Made, paymentMethod: object): Promise<Answer> {
  const { id } = known(buyer)
  return good(await known(buyer).call('POST', '/api/checkout', { customerId: id, email: `${id}@example.com`, cartId, paymentMethod }))
}

async function payHosted(_: Floor, { buyer, cartId }: Made): Promise<unknown> {
  const { id } = known(buyer)
  const opened = good(await known(buyer).call('POST', '/api/checkout/sessions', { customerId: id, email: `${id}@example.com`, cartId }))
  return fetch(String(opened.body['url']), { method: 'POST', body: new URLSearchParams({ payment_method: CARD.token }), redirect: 'manual' })
}

function known(buyer: Shopper | undefined): Shopper {
  if (buyer === undefined) throw new Error('Nobody was let in.')
  return buyer
}

export function good(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`It cannot be measured: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer
}
