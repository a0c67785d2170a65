/** What mails say: typed, in HTML and in text from the same facts, and nothing that a variable can do to a page. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { letter } from '#domain/mail.ts'
import { TEMPLATES, written, type TemplateName, type VariablesOf } from '#domain/mail-templates.ts'
import { unsubscribePage } from '#domain/unsubscribe-page.ts'

const SENDER = { shopName: 'Corner Shop' }
const ORDER = { orderNumber: '7NF8-YVVR-Q1', lines: [['2 x Lamp', '40.00 USD'] as [string, string]], sums: [['Total', '40.00 USD'] as [string, string]] }
const GIVEN: { [Name in TemplateName]: VariablesOf<Name> } = {
  receipt: ORDER,
  refund: { ...ORDER, amount: '12.34 USD' },
  'refund-returned': { ...ORDER, amount: '12.34 USD' },
  under_review: { ...ORDER, goodsSetAside: true },
  review_ended: { ...ORDER, charged: true },
  cancelled: { ...ORDER, byStaff: true, setAside: false },
  shipped: { orderNumber: '7NF8-YVVR-Q1', lines: [['Lamp', '2']], tracking: '1Z999AA10123456784' },
  purchase_order: { orderId: 'po_1', lines: [['24 x Lamp', 'LAMP-1']], expectedOn: '2026-11-27' },
  notice: { subject: 'About your order', title: 'A word', paragraphs: ['It is ready.', 'Come by.'], rows: [[['Opens', '9:00']]], action: { label: 'See it', url: 'https://shop.example/?a=1&b=2' }, notes: ['Small print.'] },
  newsletter: { subject: 'News', title: 'New in', paragraphs: ['Come and see.'] },
}
const names = Object.keys(GIVEN) as TemplateName[]
const tags = (html: string): string[] => html.match(/<[^>]*>/g) ?? []
const plain = (html: string): string => html.replace(/<style>[\s\S]*?<\/style>|<[^>]*>/g, ' ').replace(/\s+/g, ' ')

describe('does', () => {
  test('every template writes subject, HTML and text, and takes what its own rules take', () => {
    expect(Object.keys(TEMPLATES)).toEqual(names)
    for (const name of names) {
      const mail = written(name, GIVEN[name], SENDER)
      expect([name, mail.template, mail.subject.length > 0, mail.html.includes('<h1'), mail.text.includes('Corner Shop')]).toEqual([name, name, true, true, true])
      expect(TEMPLATES[name].variables.parse(GIVEN[name])).toEqual(GIVEN[name])
    }
  })

  test('a missing variable does not compile, nor one of another template', () => {
    // @ts-expect-error the amount is missing
    const refund: VariablesOf<'refund'> = ORDER
    // @ts-expect-error a receipt knows no amount
    const receipt: VariablesOf<'receipt'> = { ...ORDER, amount: '1.00 USD' }
    expect([refund, receipt].length).toBe(2)
  })

  test('the text says all that the HTML says', () => {
    for (const name of names) {
      const { html, text } = written(name, GIVEN[name], SENDER)
      const words = plain(html.slice(html.indexOf('<table'))).split(/[\s:]+/).filter((word) => /^[\w.-]+$/.test(word))
      expect([name, words.filter((word) => !text.includes(word))]).toEqual([name, []])
    }
  })

  test.each(['html', 'text'] as const)('the %s of a notice holds what it leads to, lines and small print', (form) => {
    const said = written('notice', GIVEN.notice, SENDER)[form]
    for (const part of ['It is ready.', 'Come by.', 'Opens', '9:00', 'See it', 'Small print.', form === 'html' ? 'https://shop.example/?a=1&amp;b=2' : 'https://shop.example/?a=1&b=2']) expect(said).toContain(part)
  })

  test.each(['html', 'text'] as const)('the %s of a campaign holds the link to unsubscribe, that of a receipt none', (form) => {
    const url = 'https://shop.example/api/unsubscribe/adr_1.abc'
    expect(written('newsletter', GIVEN.newsletter, { ...SENDER, unsubscribeUrl: url })[form]).toContain(url)
    expect(written('receipt', GIVEN.receipt, SENDER)[form]).not.toMatch(/unsubscribe/i)
    expect([TEMPLATES.newsletter.category, TEMPLATES.receipt.category]).toEqual(['campaign', 'transactional'])
  })

  test('a page can be read where the screen is dark, and on a phone', () => {
    const { html } = written('receipt', GIVEN.receipt, SENDER)
    expect(html).toContain('<meta name="color-scheme" content="light dark">')
    expect(html).toContain('@media (prefers-color-scheme:dark)')
    expect(html).toContain('content="width=device-width,initial-scale=1"')
    expect(html).not.toMatch(/<script|<img|<link/)
    expect(Buffer.byteLength(html)).toBeLessThan(8_000)
  })

  test('an order number is never broken over two lines', () => {
    expect(written('receipt', GIVEN.receipt, SENDER).html).toContain('<span style="white-space:nowrap">7NF8-YVVR-Q1</span>')
  })

  test('a page to unsubscribe asks by a form, and only where there is something to ask', () => {
    expect(unsubscribePage('ask', 'Corner Shop')).toContain('<form method="post"><button')
    for (const step of ['done', 'unknown'] as const) expect(unsubscribePage(step, 'Corner Shop')).not.toContain('<form')
    expect(unsubscribePage('done', '<b>Shop</b>')).toContain('&lt;b&gt;Shop&lt;/b&gt;')
  })
})

describe('refuses', () => {
  test.each<[TemplateName, object, string]>([
    ['refund', ORDER, 'amount'],
    ['receipt', { ...ORDER, colour: 1 }, ''],
    ['notice', { ...GIVEN.notice, subject: 'Two\nlines' }, 'subject'],
    ['notice', { ...GIVEN.notice, action: { label: 'Go', url: 'javascript:alert(1)' } }, 'action.url'],
    ['notice', { ...GIVEN.notice, paragraphs: [] }, 'paragraphs'],
    ['newsletter', { ...GIVEN.newsletter, title: '' }, 'title'],
  ])('variables of %s that break a rule: %o', (name, variables, field) => {
    const { error } = TEMPLATES[name].variables.safeParse(variables)
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([field])
  })

  test('any variable to add or end a tag, wherever it stands', () => {
    const odd = fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', 'a', ' ', '=', ';'), minLength: 1, maxLength: 20 })
    const page = (word: string) => letter({
      title: word, paragraphs: [word], rows: [[[word, word]]], action: { label: word, url: `https://x.org/${word}` }, notes: [word], shopName: word, unsubscribeUrl: `https://x.org/${word}`,
    }).html
    const shape = (html: string): string[] => tags(html).map((tag) => tag.split(/[\s>]/)[0] ?? '')
    fc.assert(fc.property(odd, (word) => {
      expect(shape(page(word))).toEqual(shape(page('x')))
    }))
  })
})
