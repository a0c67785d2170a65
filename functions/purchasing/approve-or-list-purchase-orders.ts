/**
 * Orders goods from a supplier, as the forecast suggests or otherwise: staff approve, the supplier gets a mail.
 *
 * The order, its mail and its audit event are one commit. `orderNumber` is the one that the suggestion named: whatever is
 * clicked twice, retried, or approved by two people at once is ordered once, and the second one is told.
 */
import { z } from 'zod'
import { Failure, invalid } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { cursorField, emailField, idField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import type { MailIntent } from '#domain/mail.ts'
import { purchaseOrderView } from '#domain/purchase-order.ts'
import { PurchaseOrderShown } from '#domain/shown/dashboard.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { nudgeMails } from '#stores/mails.ts'
import { readProducts } from '#stores/products.ts'
import { listPurchases, placePurchase } from '#stores/purchase-orders.ts'
import type { Reply } from '#entry/answer.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const QUANTITY_MAX = 100_000

const Wish = z.strictObject({
  productId: idField,
  quantity: z.int().min(1).max(QUANTITY_MAX),
  /** Of the suggestion that is approved: the next one of its product. */
  orderNumber: z.int().min(1),
  /** The shop's own without it. */
  supplierEmail: emailField.optional(),
  reason: z.string().trim().min(1).max(500),
})

export const approveOrListPurchaseOrders = endpoint({
  name: 'approve-or-list-purchase-orders',
  path: '/api/purchase-orders',
  impact: 'Nothing is ordered from suppliers, and shelves run empty.',
  POST: route({
    who: ['admin'],
    summary: 'Order goods from a supplier',
    body: Wish,
    reply: z.object({ purchaseOrder: PurchaseOrderShown }),
    status: 201,
    idempotent: true,
    fails: ['NOT_FOUND', 'CONFLICT'],
    run,
  }),
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Orders to suppliers, the newest first',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(20, 100) }),
    reply: z.object({ purchaseOrders: listOf(PurchaseOrderShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { orders, nextCursor } = await listPurchases(query)
      return { purchaseOrders: orders.map(purchaseOrderView), nextCursor }
    },
  }),
})

async function run({ body, caller, once }: Call<z.output<typeof Wish>, unknown>): Promise<Reply> {
  const { SUPPLIER_EMAIL, REORDER_LEAD_DAYS: leadDays } = config('warehouse')
  const supplierEmail = body.supplierEmail ?? SUPPLIER_EMAIL
  if (supplierEmail === undefined) throw invalid('supplierEmail', 'is needed: the shop has no supplier of its own')
  const [{ product } = { product: undefined }] = await readProducts([body.productId])
  if (product === undefined) throw new Failure('NOT_FOUND', { message: 'Product not found.' })
  const { quantity, orderNumber: number, reason } = body
  const wish = {
    id: derivedId('po', [product.id, String(number)]), product, quantity, number, supplierEmail, reason, leadDays, approvedBy: whoIs(caller), nowMs: now(),
    shopName: config('shop').SHOP_NAME,
  }
  const click = newId('clk')
  let mail: MailIntent | undefined
  const reply = await once(async (unit) => {
    const placed = await placePurchase(unit, wish, click)
    mail = placed.mail
    return { purchaseOrder: purchaseOrderView(placed.order) }
  })
  if (mail !== undefined) await nudgeMails([mail])
  return reply
}
