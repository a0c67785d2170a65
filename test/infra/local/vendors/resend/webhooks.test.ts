/** What the Resend simulator tells the shop: events, their signatures, retries; and who gets no more mail. */
import { Resend } from 'resend'
import { describe, expect, test, vi } from 'vitest'
import { signature } from '../../../../../infra/local/vendors/resend/webhook-events.ts'
import { ground, mail, SECRET, until, type Received } from './ground.ts'

const BODY =
  '{"type":"email.delivered","created_at":"2026-11-20T09:30:00.000Z",' +
  '"data":{"email_id":"56761188-7520-42d8-8898-ff6fc54ce618"}}'

function verified(sdk: Resend, { id, timestamp, signature: made, body }: Received, secret = SECRET) {
  return sdk.webhooks.verify({ payload: body, headers: { id, timestamp, signature: made }, webhookSecret: secret })
}

describe('does', () => {
  test('the signature of the worked example, which the SDK accepts for 300 seconds and not for 301', () => {
    const made = signature(SECRET, 'msg_2xYk9Qe7nB4vT1cW5zR8aLmD', 1763631000, BODY)
    expect(made).toBe('v1,nc6rZfyhZMpj6EeU2PVKDiuad+Cu1HWpSGsDVUME/T4=')
    const received = { path: '', body: BODY, id: 'msg_2xYk9Qe7nB4vT1cW5zR8aLmD', timestamp: '1763631000', signature: made }
    const sdk = new Resend('re_any')
    vi.useFakeTimers({ now: 1763631300_000, toFake: ['Date'] })
    try {
      expect(verified(sdk, received)).toMatchObject({ type: 'email.delivered' })
      vi.setSystemTime(1763631301_000)
      expect(() => verified(sdk, received)).toThrow('Message timestamp too old')
    } finally {
      vi.useRealTimers()
    }
  })

  test('sent and delivered are told to the shop, and the SDK verifies both', async () => {
    const { sdk, shop, pass, told, vendor } = await ground({ webhooks: true, deliveryMs: 20 })
    const tags = [{ name: 'order', value: 'ORD-1' }]
    const id = (await sdk.emails.send({ ...mail(), tags })).data?.id ?? ''
    await pass(30)
    expect(told(id)).toEqual(['email.sent', 'email.delivered'])
    for (const received of shop.received) {
      expect(received.path).toBe('/api/webhooks/resend')
      expect(verified(sdk, received)).toMatchObject({ data: { email_id: id, to: ['ada@example.com'], tags: { order: 'ORD-1' } } })
    }
    expect(vendor.objects('webhooks_events')).toMatchObject([
      { type: 'email.sent', deliveries: [{ status: 'delivered', attempts: 1, last_answer: '200' }] },
      { type: 'email.delivered' },
    ])
  })

  test('the test addresses bounce and complain, every time', async () => {
    const { sdk, pass, told } = await ground({ webhooks: true, deliveryMs: 5 })
    const fate = async (to: string) => {
      const id = (await sdk.emails.send(mail(to))).data?.id ?? ''
      await pass(50)
      return [...told(id), (await sdk.emails.get(id)).data?.last_event]
    }
    expect(await fate('delivered+one@resend.dev')).toEqual(['email.sent', 'email.delivered', 'delivered'])
    expect(await fate('bounced@resend.dev')).toEqual(['email.sent', 'email.bounced', 'bounced'])
    expect(await fate('Gone <bounced+two@resend.dev>')).toEqual(['email.sent', 'email.bounced', 'bounced'])
    expect(await fate('bounced@resend.dev')).toEqual(['email.sent', 'email.bounced', 'bounced'])
    expect(await fate('complained@resend.dev')).toEqual(['email.sent', 'email.delivered', 'email.complained', 'complained'])
  })

  test('a hard bounce or a complaint ends mail to the address until it is taken off the list', async () => {
    const { sdk, control, pass, told, shop } = await ground({ webhooks: true, deliveryMs: 5 })
    const first = (await sdk.emails.send(mail('Ada <Ada@Example.com>'))).data?.id ?? ''
    await pass(10)
    await control(`emails/${first}/event`, { type: 'bounced', bounce: { type: 'Transient', subType: 'MailboxFull' } })
    expect((await sdk.suppressions.list()).data?.data).toEqual([])
    await control(`emails/${first}/event`, { type: 'bounced' })
    const held = await sdk.suppressions.get('ada@example.com')
    expect(held.data).toMatchObject({ email: 'ada@example.com', origin: 'bounce', source_id: first })
    const second = (await sdk.emails.send(mail())).data?.id ?? ''
    await pass(10)
    expect(told(second)).toEqual(['email.suppressed'])
    expect(JSON.parse(shop.received.at(-1)?.body ?? '').data.suppressed).toMatchObject({ reason: 'previous_bounce' })
    expect((await sdk.suppressions.remove('ada@example.com')).data?.deleted).toBe(true)
    const third = (await sdk.emails.send(mail())).data?.id ?? ''
    await pass(10)
    expect((await sdk.emails.get(third)).data?.last_event).toBe('delivered')
    await control(`emails/${third}/event`, { type: 'complaint' })
    expect((await sdk.suppressions.list({ origin: 'complaint' })).data?.data).toHaveLength(1)
    expect((await sdk.suppressions.add({ email: 'bo@example.com' })).data?.object).toBe('suppression')
    expect((await sdk.suppressions.get('nobody@example.com')).error?.statusCode).toBe(404)
  })

  test('opens and clicks by hand are told with what they carry', async () => {
    const { sdk, control, pass, shop } = await ground({ webhooks: true, deliveryMs: 5 })
    const id = (await sdk.emails.send(mail())).data?.id ?? ''
    await pass(10)
    await control(`emails/${id}/event`, { type: 'open' })
    const link = 'https://shop.example/orders/1'
    await control(`emails/${id}/event`, { type: 'email.clicked', click: { link } })
    await pass(10)
    const clicked = shop.received.map(({ body }) => JSON.parse(body)).find((event) => event.type === 'email.clicked')
    expect(clicked.data.click.link).toBe(link)
    expect((await sdk.emails.get(id)).data?.last_event).toBe('clicked')
  })

  test('opens and clicks come twice and in disorder where that is asked for, under one id each', async () => {
    const { sdk, control, pass, shop } = await ground({ webhooks: true, deliveryMs: 5 })
    const id = (await sdk.emails.send(mail())).data?.id ?? ''
    await pass(10)
    await control('webhooks', { duplicates: 1, late: 1 })
    await control(`emails/${id}/event`, { type: 'opened' })
    await control('webhooks', { late: 0 })
    await control(`emails/${id}/event`, { type: 'clicked' })
    await pass(60_000)
    const told = shop.received.map(({ body, id: eventId }) => ({ type: JSON.parse(body).type, id: eventId })).filter(({ type }) => /opened|clicked/.test(type))
    expect(told[0]?.type).toBe('email.clicked')
    expect([told.length, new Set(told.map((one) => one.id)).size]).toEqual([4, 2])
  })

  test('endpoints are made, read, changed, rotated and removed; old events can be played again', async () => {
    const { sdk, shop, shopUrl, pass } = await ground({ deliveryMs: 5 })
    const made = await sdk.webhooks.create({ endpoint: `${shopUrl}/elsewhere`, events: ['email.sent'] })
    const id = made.data?.id ?? ''
    await sdk.emails.send(mail())
    await pass(10)
    expect(shop.received.map((received) => received.path)).toEqual(['/elsewhere'])
    const first = shop.received[0] as Received
    expect(verified(sdk, first, made.data?.signing_secret)).toMatchObject({ type: 'email.sent' })
    const rotated = await sdk.webhooks.rotateSigningSecret(id)
    const events = await sdk.webhooks.events.list({ webhookId: id })
    expect(events.data?.data).toMatchObject([{ id: first.id, type: 'email.sent', status: 'success' }])
    expect((await sdk.webhooks.events.get({ webhookId: id, eventId: first.id })).data?.payload.type).toBe('email.sent')
    await sdk.webhooks.events.replay({ webhookId: id, eventId: first.id })
    await pass(10)
    const again = shop.received[1] as Received
    expect(again.id).toBe(first.id)
    expect(again.signature.split(' ')).toHaveLength(2)
    for (const secret of [rotated.data?.signing_secret, made.data?.signing_secret]) verified(sdk, again, secret)
    await sdk.webhooks.update(id, { status: 'disabled' })
    expect((await sdk.webhooks.get(id)).data?.status).toBe('disabled')
    expect((await sdk.webhooks.list()).data?.data.map(({ status }) => status)).toEqual(['disabled', 'disabled'])
    await sdk.emails.send(mail())
    await pass(10)
    expect(shop.received).toHaveLength(2)
    expect((await sdk.webhooks.remove(id)).data?.deleted).toBe(true)
    expect((await sdk.webhooks.get(id)).error?.statusCode).toBe(404)
  })

  test('nothing is sent until it is switched on', async () => {
    const { sdk, control, shop, pass } = await ground({ deliveryMs: 5 })
    await sdk.emails.send(mail())
    await pass(10)
    expect(shop.received).toEqual([])
    expect((await control('webhooks', { enabled: true })).body).toEqual({ enabled: true, duplicates: 0, late: 0 })
    await sdk.emails.send(mail())
    await pass(10)
    expect(shop.received).toHaveLength(2)
  })
})

describe('survives', () => {
  test('a shop that fails: the same event id again after 5 s, 5 min, 30 min, freshly signed, then given up', async () => {
    const { sdk, shop, pass, vendor, timeline } = await ground({ webhooks: true, deliveryMs: 40 * 3_600_000 })
    shop.status = 503
    await sdk.emails.send(mail())
    await until(() => shop.received.length === 1 && vendor.pending() === 0)
    const waits = [5, 300, 1800, 7200, 18_000, 36_000, 36_000]
    for (const [index, seconds] of waits.entries()) {
      await pass(seconds * 1000 + 50)
      await until(() => shop.received.length === index + 2 && vendor.pending() === 0)
      const last = shop.received.at(-1) as Received
      expect(last.id).toBe(shop.received[0]?.id)
      expect(Math.abs(Number(last.timestamp) - timeline.now() / 1000)).toBeLessThan(5)
    }
    await pass(11 * 3_600_000)
    expect(shop.received).toHaveLength(8)
    expect(vendor.objects('webhooks_events')).toMatchObject([{ deliveries: [{ status: 'given_up', attempts: 8 }] }])
  })

  test('a vendor in disorder sends everything twice, under one id', async () => {
    const { sdk, control, shop, pass } = await ground({ webhooks: true, deliveryMs: 60_000 })
    await control('webhooks', { duplicates: 1 })
    await sdk.emails.send(mail())
    await pass(500)
    await until(() => shop.received.length === 2)
    expect(new Set(shop.received.map(({ id }) => id)).size).toBe(1)
  })
})
