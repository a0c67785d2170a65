/**
 * A shop in which there is one of everything, so that every operation has something to be asked about: what examples are
 * recorded in, and what is asked at random.
 */
import type { LocalCloudOptions } from '../../infra/local/cloud.ts'
import { chargeElsewhere } from '../functions/dashboard.ts'
import { ABOUT_US_NOT, Inbox } from '../functions/inbox.ts'
import { openGround, PRODUCT } from '../functions/purchase.ts'
import type { Answer, Json, Person, Shop } from '../functions/shop.ts'

/** Ids of what lies in the shop, by the name that parameters and fields have for them. */
export type Ids = Readonly<Record<string, readonly string[]>>

export interface Furnished {
  readonly shop: Shop
  readonly ids: Ids
  readonly customer: Person
  readonly admin: Person
}

const UNLIMITED = { API_LIMIT_PER_MINUTE: '1000000', ADMIN_LIMIT_PER_MINUTE: '1000000', PAYOUTS_PER_HOUR: '1000000', MAILS_PER_MINUTE: '1000000', CHECKOUTS_PER_CUSTOMER_HOUR: '1000000', CHECKOUTS_PER_IP_HOUR: '1000000', CARDS_PER_CUSTOMER_HOUR: '1000000' }
const SHIPS = { SHIPPING_RATES: '[{"fee":"5.95"}]', CORS_ORIGINS: 'https://shop.example' }
const OVERSOLD = 'VARTOTE1'
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

export async function openFurnished(options: Partial<LocalCloudOptions> = {}): Promise<Furnished> {
  const { shop } = await openGround({ ...options, environment: { ...UNLIMITED, ...SHIPS, ...options.environment } })
  const [customer, member, gone, admin] = [await shop.adult('customer-1'), await shop.person('customer', 'customer-2'), await shop.person('customer', 'customer-3'), await shop.person('admin', 'ann')]
  const endpoint = field(await admin.post('/api/admin/webhook-endpoints', { url: 'http://127.0.0.1:9/orders', eventTypes: [] }), 'endpoint')
  await member.post('/api/memberships/subscribe', { customerId: member.id, email: member.email, tier: 'GOLD', newsletter: true, paymentMethod: { token: 'pm_card_visa' } })
  const orders = []
  for (const quantity of [2, 1, 1, 1, 1, 1, 1, 1]) orders.push(await customer.buy({ productId: PRODUCT, quantity }))
  const guests = []
  for (let count = 0; count < 3; count += 1) guests.push(await shop.guest().buy({ productId: PRODUCT, quantity: 1 }))
  const reviewed = []
  for (let count = 0; count < 2; count += 1) reviewed.push(await customer.post('/api/checkout', { customerId: customer.id, email: customer.email, cart: [{ productId: PRODUCT, quantity: 1 }], paymentMethod: { token: 'pm_card_riskLevelElevated' } }, `review-${count}`))
  const cards = []
  for (const token of ['pm_card_visa', 'pm_card_mastercard']) cards.push(field(await customer.post(`/api/customers/${customer.id}/cards`, { token }, token), 'card'))
  const carts = []
  for (let count = 0; count < 6; count += 1) carts.push(await (count < 4 ? customer : shop.guest()).fill({ productId: PRODUCT, quantity: count + 1 }))
  const mail = await admin.post('/api/emails', NOTICE)
  const suppression = field(await admin.post('/api/admin/suppressions', { address: 'nobody@example.com' }), 'suppression')
  const promo = field(await admin.post('/api/admin/promo-codes', { code: 'SPRING', percent: 20, reason: 'Spring sale' }), 'promoCode')
  await admin.call('PUT', '/api/payees/band', { name: 'The Band', destination: 'acct_band' })
  await admin.call('PUT', `/api/admin/customers/${gone.id}/tax-exemption`, { certificate: 'TX-1234', validThrough: '2030-12-31', reason: 'Church' })
  await admin.post(`/api/orders/${orders[0]?.['id']}/notes`, { text: 'Called about his order.' })
  await customer.buy({ productId: OVERSOLD, quantity: 2 })
  await shop.act('stripe', 'disputes', { payment_intent: orders[7]?.['payment'].transactionId, reason: 'fraudulent' })
  const stray = await chargeElsewhere(shop, { amount: 5_000 })
  const dead = await new Inbox(shop, String(orders[0]?.['id'])).layDead(ABOUT_US_NOT, 3)
  await shop.cloud.drain()
  await shop.cloud.advance(20 * MINUTE_MS)
  await shop.tally('reconcile-payments')
  await shop.cloud.advance(3 * DAY_MS)
  // The store sells what was sold online, and a second till has goods that the first has.
  await shop.act('square', 'inventory', { productId: OVERSOLD, adjust: -1 - shop.shelf(OVERSOLD) })
  for (const job of ['send-member-benefits', 'publish-audit-seal', 'sync-square-catalogue', 'sync-lightspeed-items']) await shop.tally(job)
  await shop.cloud.drain()
  // Three days later nobody is signed in any more.
  const [buyer, boss] = [await shop.person('customer', customer.id), await shop.person('admin', admin.id)]
  const replay = field(await boss.post('/api/admin/dead-letters/replay', { ids: [dead[2], 'stripe-evt_none'], reason: 'Outage is over' }), 'replay')
  const payout = field(await boss.post('/api/payouts', { payoutId: 'gig-1', recipientId: 'band', amount: 12.5, currency: 'USD', reason: 'The gig' }), 'payout')
  await shop.cloud.drain()
  const ids: Ids = {
    customerId: [customer.id, member.id, gone.id],
    orderId: [...orders, ...guests].map((order) => String(order['id'])).concat(reviewed.map(({ body }) => String(body['orderId']))),
    reviewedId: reviewed.map(({ body }) => String(body['orderId'])),
    cartId: carts.map(({ id }) => String(id)),
    productId: [PRODUCT, 'VARSELTZER1'],
    cardId: cards.map(({ id }) => String(id)),
    emailId: [String(mail.body['emailId'])],
    suppressionId: [String(suppression['id'])],
    code: [String(promo['code'])],
    promoCode: [String(promo['code'])],
    payeeId: ['band'],
    recipientId: ['band'],
    payoutId: [String(payout['id'])],
    endpointId: [String(endpoint['id'])],
    differenceId: [`charge_without_order-stripe-${stray['id']}`],
    benefitId: shop.documents('member_benefits').filter(({ data }) => data['kind'] === 'gift_box').map(({ id }) => id),
    replayId: [String(replay['id'])],
    deadLetterId: dead,
    deliveryId: shop.documents('webhook_deliveries').map(({ id }) => id),
    report: ['channels', 'hours', 'tiers', 'cohorts', 'segments'],
    token: [unsubscribeToken(shop)].flat(),
  }
  return { shop, ids, customer: buyer, admin: boss }
}

export const NOTICE: Json = {
  to: 'maria@example.com', template: 'notice', variables: { subject: 'Your jars', title: 'Your jars are ready', paragraphs: ['Come by until Saturday.'] },
}

/** From the newsletters that went out, if one did. */
function unsubscribeToken(shop: Shop): string[] {
  const links = shop.at('resend', 'emails').flatMap(({ html }) => [.../\/api\/unsubscribe\/([A-Za-z0-9_.-]+)/.exec(String(html)) ?? []].slice(1))
  return links.slice(0, 1)
}

function field(answer: Answer, name: string): Json {
  const found = answer.body[name] as Json | undefined
  if (found === undefined) throw new Error(`No ${name} came: ${answer.status} ${answer.text}`)
  return found
}
