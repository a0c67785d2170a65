/** Staff ask for mails, and see those that there are. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Mails, MINUTE_MS, NEWSLETTER, NOTICE } from '../mails.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let mails: Mails
let support: Person
beforeAll(async () => {
  shop = await openShop()
  mails = new Mails(shop)
  support = await shop.person('support')
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const listed = async (query: string): Promise<Json> => (await support.get(`/api/emails?${query}`)).body

describe('does', () => {
  test('queue a mail at once and send it, with copies, by its template', async () => {
    const answer = await support.post('/api/emails', { ...NOTICE, to: 'maria@example.com', cc: ['ann@example.com'], bcc: ['books@example.com'], replyTo: 'ann@shop.example' })
    expect([answer.status, answer.body]).toEqual([202, { success: true, emailId: expect.stringMatching(/^eml_[a-z0-9]{26}$/), status: 'queued', timestamp: expect.any(String) }])
    await shop.cloud.drain()
    const [email, ...more] = mails.sent(answer.body['emailId'])
    expect(more).toEqual([])
    expect(email).toMatchObject({ to: ['maria@example.com'], cc: ['ann@example.com'], bcc: ['books@example.com'], reply_to: ['ann@shop.example'], subject: 'About your order' })
    for (const form of ['html', 'text']) expect(email?.[form]).toContain('It is ready.')
    expect(email?.['headers']).toBeUndefined()
  })

  test('send a campaign mail when its turn comes, with its link in the page and in the headers', async () => {
    const id = await mails.ask(support, { ...NEWSLETTER, to: 'news@example.com' })
    await shop.cloud.drain()
    const [email] = mails.sent(id)
    const link = /<([^>]+)>/.exec(email?.['headers']['List-Unsubscribe'])?.[1] ?? ''
    for (const form of ['html', 'text']) expect(email?.[form]).toContain(link)
    expect(mails.of(id)).toMatchObject({ category: 'campaign', status: 'sent' })
  })

  test('send a mail at the moment that was asked for, not before', async () => {
    const sendAt = new Date(shop.cloud.now() + 90 * MINUTE_MS).toISOString()
    const id = await mails.ask(support, { to: 'later@example.com', sendAt })
    await shop.cloud.drain()
    expect([mails.of(id)['status'], mails.sent(id).length]).toEqual(['queued', 0])
    await shop.cloud.advance(91 * MINUTE_MS)
    await shop.cloud.drain()
    expect([mails.of(id)['status'], mails.sent(id).length]).toEqual(['sent', 1])
  })

  test('answer the same key with the same mail, byte for byte, also when both come at once', async () => {
    const wish = { ...NOTICE, to: 'once@example.com' }
    const [first, second] = await Promise.all([support.post('/api/emails', wish, 'key-1'), support.post('/api/emails', wish, 'key-1')])
    const third = await support.post('/api/emails', wish, 'key-1')
    expect([second?.text, third.text, third.headers.get('idempotent-replayed')]).toEqual([first?.text, first?.text, 'true'])
    await shop.cloud.drain()
    expect(shop.at('resend', 'emails').filter(({ to }) => to[0] === 'once@example.com')).toHaveLength(1)
  })

  test('list the newest first, page by page, by status, by template and by recipient in whatever spelling', async () => {
    const ids: string[] = []
    for (let n = 0; n < 3; n += 1) ids.push(await mails.ask(support, { to: n === 1 ? 'pa.ge+x@gmail.com' : 'other@example.com', bcc: ['page@gmail.com'] }))
    await mails.lay({ status: 'failed', to: 'page@gmail.com', template: 'receipt', createdAtMs: shop.cloud.now() + 1 })
    const first = await listed('recipient=PAGE@googlemail.com&limit=2')
    const second = await listed(`recipient=page@gmail.com&limit=2&cursor=${first['nextCursor']}`)
    const all = [...first['emails'], ...second['emails']] as Json[]
    expect([all.map(({ template }) => template), second['nextCursor']]).toEqual([['receipt', 'notice', 'notice', 'notice'], null])
    expect(all.slice(1).map(({ id }) => id)).toEqual(ids.toReversed())
    expect((await listed('recipient=page@gmail.com&status=failed'))['emails']).toHaveLength(1)
    expect((await listed('recipient=page@gmail.com&template=notice&status=queued&limit=100'))['emails'].every(({ status }: Json) => status === 'queued')).toBe(true)
    expect(all[1]).not.toHaveProperty('html')
  })
})

describe('refuses', () => {
  test.each<[string, Json, string]>([
    ['a template that there is not', { ...NOTICE, template: 'invoice' }, 'template'],
    ['a missing variable', { template: 'refund', variables: { orderNumber: 'A', lines: [], sums: [] } }, 'variables.amount'],
    ['a variable of another template', { ...NOTICE, variables: { ...NOTICE.variables, amount: '1' } }, 'variables.amount'],
    ['a subject of two lines', { ...NOTICE, variables: { ...NOTICE.variables, subject: 'a\r\nBcc: x@y.z' } }, 'variables.subject'],
    ['no address', { ...NOTICE, to: 'nobody' }, 'to'],
    ['nobody', { ...NOTICE, to: [] }, 'to'],
    ['more than fifty people', { ...NOTICE, to: Array.from({ length: 30 }, (_, n) => `r${n}@example.com`), cc: Array.from({ length: 21 }, (_, n) => `c${n}@example.com`) }, 'to'],
    ['a campaign to two', { ...NEWSLETTER, to: ['a@example.com', 'b@example.com'] }, 'to'],
    ['a campaign with a copy', { ...NOTICE, category: 'campaign', to: 'a@example.com', cc: ['b@example.com'] }, 'to'],
    ['a newsletter as if somebody waited for it', { ...NEWSLETTER, category: 'transactional' }, 'category'],
    ['a campaign of a mail that somebody waits for', { ...NOTICE, campaign: 'spring' }, 'campaign'],
    ['a creative with a space in it', { ...NEWSLETTER, creative: 'big and green' }, 'creative'],
    ['a customer who cannot be one', { ...NEWSLETTER, customerId: 'a b' }, 'customerId'],
    ['a moment in two years', { ...NOTICE, sendAt: '2030-01-01T00:00:00Z' }, 'sendAt'],
    ['a field it does not know', { ...NOTICE, html: '<p>x</p>' }, 'html'],
  ])('%s: 400 that names the field', async (_, wish, field) => {
    const { status, body } = await support.post('/api/emails', { to: 'maria@example.com', ...wish })
    expect([status, body['details']?.fields[0].field]).toEqual([400, field])
  })

  test('the same key for another mail', async () => {
    await support.post('/api/emails', { ...NOTICE, to: 'a@example.com' }, 'key-2')
    expect((await support.post('/api/emails', { ...NOTICE, to: 'b@example.com' }, 'key-2')).status).toBe(422)
  })

  test.each(['status=lost', 'recipient=nobody', 'cursor=rubbish', 'limit=101', 'html=1'])('a list by %s: 400', async (query) => {
    expect((await support.get(`/api/emails?${query}`)).status).toBe(400)
  })
})

describe('survives', () => {
  test('a commit whose answer is lost: one mail, and it is sent', async () => {
    shop.fault({ target: 'firestore', operation: 'Commit', match: 'lost-commit@example.com', when: 'after', effect: 'error', status: 14 })
    const id = await mails.ask(support, { to: 'lost-commit@example.com' })
    await shop.cloud.drain()
    expect([mails.of(id)['status'], mails.sent(id).length]).toEqual(['sent', 1])
    expect((await listed('recipient=lost-commit@example.com'))['emails']).toHaveLength(1)
  })

  test('a nudge that is lost: the sweep gives it', async () => {
    shop.fault({ target: 'pubsub', operation: 'Publish', when: 'before', effect: 'error', status: 14 })
    const id = await mails.ask(support, { to: 'unheard@example.com' })
    await shop.cloud.drain()
    expect(mails.sent(id)).toEqual([])
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.cloud.drain()
    expect(mails.sent(id)).toHaveLength(1)
  })
})
