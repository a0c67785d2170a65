/** One click ends campaigns, and nothing else. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Mails, NEWSLETTER } from '../mails.ts'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let mails: Mails
let support: Person
beforeAll(async () => {
  shop = await openShop()
  mails = new Mails(shop)
  support = await shop.person('support')
})
afterAll(() => shop.cloud.stop())

/** The link that a campaign mail to somebody carries. */
async function linkOf(to: string): Promise<string> {
  const id = await mails.ask(support, { ...NEWSLETTER, to })
  await shop.cloud.drain()
  return /<([^>]+)>/.exec(mails.sent(id)[0]?.['headers']['List-Unsubscribe'])?.[1] ?? ''
}

/** As a mail program does it (RFC 8058). */
const click = (link: string, type = 'application/x-www-form-urlencoded'): Promise<Answer> => shop.guest().call('POST', link, 'List-Unsubscribe=One-Click', { 'content-type': type })

describe('does', () => {
  test('end campaigns by one click, whatever the mail program sends; receipts still come', async () => {
    const link = await linkOf('Leaver+news@gmail.com')
    const { status, headers, text } = await click(link)
    expect([status, headers.get('content-type'), text]).toEqual([200, 'text/html; charset=utf-8', expect.stringContaining('You are unsubscribed')])
    const [news, receipt] = [await mails.ask(support, { ...NEWSLETTER, to: 'leaver@gmail.com' }), await mails.ask(support, { to: 'leaver@gmail.com' })]
    await shop.cloud.drain()
    expect([mails.of(news)['status'], mails.of(receipt)['status']]).toEqual(['suppressed', 'sent'])
    expect(mails.address('leaver@gmail.com')).toMatchObject({ address: 'leaver@gmail.com', held: ['campaigns'], holds: { campaigns: { reason: 'link' } } })
  })

  test.each([['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'], ['application/x-www-form-urlencoded', ''], ['text/plain', 'x']])('take a click sent as %s', async (type, body) => {
    const link = await linkOf(`clicker-${type.length}@example.com`)
    expect((await shop.guest().call('POST', link, body === '' ? undefined : body, { 'content-type': type })).status).toBe(200)
    expect(mails.address(`clicker-${type.length}@example.com`)?.['held']).toEqual(['campaigns'])
  })

  test('end nothing when the page is only opened, as scanners do; the page asks', async () => {
    const link = await linkOf('scanned@example.com')
    const { status, text, headers } = await shop.guest().get(link)
    expect([status, text]).toEqual([200, expect.stringContaining('<form method="post">')])
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(mails.address('scanned@example.com')).toBeUndefined()
  })

  test('say that it is done when the page is opened again', async () => {
    const link = await linkOf('again@example.com')
    await click(link)
    expect((await shop.guest().get(link)).text).toContain('You are unsubscribed')
  })
})

describe('refuses', () => {
  test('a link that we did not sign: 404 in words for a person, and nobody is unsubscribed', async () => {
    const link = await linkOf('target@example.com')
    const forged = [link.slice(0, -1), `${link}0`, link.replace(/\.uns_.*/, ''), link.replace('adr_', 'adr_0'), link.replace(/adr_[^.]+/, mails.nameOf('other@example.com'))]
    const before = shop.documents('mail_addresses').length
    for (const address of forged) {
      for (const answer of [await click(address), await shop.guest().get(address)]) expect([address, answer.status]).toEqual([address, 404])
    }
    expect(shop.documents('mail_addresses').length).toBe(before)
  })
})

describe('survives', () => {
  test('clicks at once and again: unsubscribed once, with one audit event', async () => {
    const link = await linkOf('impatient@example.com')
    expect((await Promise.all([click(link), click(link), click(link)])).map(({ status }) => status)).toEqual([200, 200, 200])
    await click(link)
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events_log')) as Json[]).filter(({ subject }) => subject === mails.nameOf('impatient@example.com'))
    expect([mails.address('impatient@example.com')?.['version'], events.length, events[0]?.['why']]).toEqual([1, 1, 'link'])
  })
})
