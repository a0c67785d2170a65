/** Mails of an order: the same facts in text and HTML, and nothing that a name can do to a page. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Refund } from '#domain/order.ts'
import { receiptMail, refundMail } from '#domain/receipt.ts'
import { NO_TAX, NOW_MS, TEXAS, draftLine, pendingOrder } from './given.ts'

const order = pendingOrder({
  lines: [draftLine(), draftLine({ productId: 'tea', name: 'Tea', unitPrice: 333, quantity: 1 })], discountPercent: 10,
})
const refund: Refund = {
  id: 'ref_1', amount: 1234, reason: 'damaged', lines: [], restock: false, status: 'succeeded', gatewayRefundId: 're_1',
  requestedBy: 'admin ann', atMs: NOW_MS,
}
const mails = [receiptMail(order, 'Corner Shop'), refundMail(order, refund, 'Corner Shop')]

describe('does', () => {
  test.each(['text', 'html'] as const)('the %s of a receipt holds number, lines, discount, tax, total and shop', (part) => {
    const words = [
      order.number, '2 x Hemp Oil', '100.00 USD', '1 x Tea', '3.33 USD', 'Subtotal', '103.33 USD', 'Member discount (10 %)',
      '-10.33 USD', 'Tax', '7.67 USD', 'Total', '100.67 USD', 'Corner Shop',
    ]
    for (const word of words) expect(mails[0]?.[part]).toContain(word)
  })

  test.each(['text', 'html'] as const)('the %s of a refund holds the amount given back and the number', (part) => {
    expect(mails[1]?.[part]).toContain('12.34 USD')
    expect(mails[1]?.[part]).toContain(order.number)
  })

  test('goes to the buyer, once per order and once per refund', () => {
    expect(mails.map(({ id, to, template, orderId }) => [id, to, template, orderId])).toEqual([
      [`receipt-${order.id}`, order.email, 'receipt', order.id], ['refund-ref_1', order.email, 'refund', order.id],
    ])
    expect(mails.map(({ subject }) => subject)).toEqual([
      `Your order ${order.number} at Corner Shop`, `Your refund for order ${order.number}`,
    ])
  })

  test('leaves out a discount and a tax that are not there', () => {
    const { text, html } = receiptMail(pendingOrder({ rates: NO_TAX }), 'Corner Shop')
    for (const part of [text, html]) expect(part).not.toMatch(/discount|Tax/)
  })

  test('writes amounts with the digits of their currency', () => {
    const yen = pendingOrder({ lines: [draftLine({ unitPrice: 500, quantity: 1 })], rates: NO_TAX, draft: { currency: 'JPY' } })
    expect(receiptMail(yen, 'Corner Shop').text).toContain('Total: 500 JPY')
  })
})

describe('refuses', () => {
  test('to let a name speak HTML', () => {
    const name = `<script>alert("1")</script> & 'Sons' <img src=x onerror=y>`
    const { html, text } = receiptMail(pendingOrder({ lines: [draftLine({ name })] }), `O'Hara <b>&</b> Co`)
    expect(html).not.toMatch(/<script|<img|<b>/)
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;Sons&#39; &lt;img src=x onerror=y&gt;')
    expect(html).toContain('O&#39;Hara &lt;b&gt;&amp;&lt;/b&gt; Co')
    expect(text).toContain(name)
  })

  test('any name to add or end a tag', () => {
    const tags = (html: string): string[] => html.match(/<[^>]*>/g) ?? []
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', 'a', ' ', '=', ';') }), (name) => {
      const plain = receiptMail(pendingOrder({ rates: TEXAS, lines: [draftLine({ name: 'x' })] }), 'x').html
      expect(tags(receiptMail(pendingOrder({ rates: TEXAS, lines: [draftLine({ name })] }), name).html)).toEqual(tags(plain))
    }))
  })
})
