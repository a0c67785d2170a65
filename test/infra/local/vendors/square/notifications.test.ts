/** The webhooks that the Square simulator sends. */
import { describe, expect, test } from 'vitest'
import { signature } from '../../../../../infra/local/vendors/square/notifications.ts'
import { ground, SIGNATURE_KEY, until, type Ground } from './ground.ts'

const PATH = '/api/webhooks/square'

async function orderly(options: { webhooks?: boolean; eventTypes?: readonly string[] } = { webhooks: true }): Promise<Ground> {
  const shop = await ground(options)
  await shop.control('disorder', { duplicates: 0, late: 0 })
  return shop
}

function events(shop: Ground): Array<Record<string, any>> {
  return shop.shop.received.map(({ body }) => JSON.parse(body) as Record<string, any>)
}

describe('does', () => {
  test('the signature of the vendor worked example', () => {
    const body =
      '{"merchant_id":"6SSW7HV8K2ST5","type":"payment.updated","event_id":"6a8f5f28-54a1-4eb0-a98a-3111513fd4fc",' +
      '"created_at":"2026-11-20T09:00:00.000Z","data":{"type":"payment","id":"hYy9pRFVxpDsO1FB05SunFWUe9JZY",' +
      '"object":{"payment":{"id":"hYy9pRFVxpDsO1FB05SunFWUe9JZY","status":"COMPLETED",' +
      '"amount_money":{"amount":100,"currency":"USD"},"location_id":"S8GWD5R9QB376","version":2}}}}'
    expect(body.length).toBe(379)
    const made = signature('sq_test_signature_key_0123456789', 'https://shop.example.test/hooks/square', body)
    expect(made).toBe('lmlm2sbdujoRx5xFVV7MiU6znhXiV7HO3s4ZR1qrRHQ=')
  })

  test('a sale, a price and a count are told to the shop, signed over its address and the raw body', async () => {
    const shop = await orderly()
    await shop.control('payments', { lines: [{ variationId: 'VARTOTE1' }] })
    await shop.control('catalog/VARTOTE1/price', { amount: 100 })
    await until(() => shop.shop.received.length === 3)
    await until(() => shop.square.pending() === 0)
    const kinds = events(shop).map((event) => event['type']).toSorted()
    expect(kinds).toEqual(['catalog.version.updated', 'inventory.count.updated', 'payment.created'])
    for (const { path, headers, body } of shop.shop.received) {
      expect(path).toBe(PATH)
      expect(headers['x-square-hmacsha256-signature']).toBe(signature(SIGNATURE_KEY, shop.shopUrl + PATH, body))
      expect(headers['square-initial-delivery-timestamp']).toBe(JSON.parse(body).created_at)
      expect(headers['square-retry-number']).toBeUndefined()
    }
    const counted = events(shop).find((event) => event['type'] === 'inventory.count.updated')
    expect(counted?.['merchant_id']).toBe(shop.square.merchantId)
    expect(counted?.['data'].object.inventory_counts).toMatchObject([{ catalog_object_id: 'VARTOTE1', quantity: '37' }])
    await shop.timeline.jumpTo(shop.timeline.now() + 3000)
    await until(() => shop.shop.received.length === 4)
    expect(events(shop)[3]).toMatchObject({ type: 'payment.updated', data: { object: { payment: { processing_fee: [{}] } } } })
  })

  test('only what the subscription names is told, access withdrawn among it', async () => {
    const shop = await orderly({ webhooks: true, eventTypes: ['inventory.count.updated', 'oauth.authorization.revoked'] })
    await shop.control('payments', { lines: [{ variationId: 'VARTOTE1' }] })
    await shop.control('tokens', { end: 'revoked' })
    await until(() => shop.shop.received.length === 2 && shop.square.pending() === 0)
    expect(events(shop).map((event) => event['type'])).toEqual(['inventory.count.updated', 'oauth.authorization.revoked'])
    expect(events(shop)[1]?.['data'].object.revocation).toMatchObject({ revoker_type: 'MERCHANT' })
    expect(shop.square.objects('events')).toEqual(events(shop))
  })

  test('an event is sent again under its id when somebody asks for it', async () => {
    const shop = await orderly()
    await shop.control('inventory', { variationId: 'VARTOTE1', adjust: -1 })
    await until(() => shop.shop.received.length === 1 && shop.square.pending() === 0)
    expect((await shop.control(`events/${events(shop)[0]?.['event_id']}/resend`)).body).toEqual(events(shop)[0])
    await until(() => shop.shop.received.length === 2)
    expect(shop.shop.received[1]?.body).toBe(shop.shop.received[0]?.body)
    expect((await shop.control('events/unknown/resend')).status).toBe(404)
  })

  test('nothing is sent until it is switched on', async () => {
    const shop = await orderly({})
    await shop.control('inventory', { variationId: 'VARTOTE1', adjust: -1 })
    expect(shop.square.pending()).toBe(0)
    expect((await shop.control('webhooks', { enabled: true })).body).toEqual({ enabled: true, duplicates: 0, late: 0 })
    await shop.control('inventory', { variationId: 'VARTOTE1', adjust: -1 })
    await until(() => shop.shop.received.length === 1)
    expect(events(shop)[0]?.['data'].object.inventory_counts[0].quantity).toBe('36')
  })
})

describe('survives', () => {
  test('a shop that fails: the same event comes again by the schedule, and says which retry it is', async () => {
    const shop = await orderly()
    shop.shop.status = 500
    await shop.control('inventory', { variationId: 'VARTOTE1', adjust: -1 })
    await until(() => shop.shop.received.length === 1 && shop.square.pending() === 0)
    for (const [retry, minutes] of [1, 2, 4].entries()) {
      if (minutes === 4) shop.shop.status = 200
      await shop.timeline.jumpTo(shop.timeline.now() + minutes * 60_000 + 100)
      await until(() => shop.shop.received.length === retry + 2 && shop.square.pending() === 0)
      const last = shop.shop.received.at(-1)
      expect(last?.headers['square-retry-number']).toBe(String(retry + 1))
      expect(last?.headers['square-retry-reason']).toBe('http_error')
      expect(last?.body).toBe(shop.shop.received[0]?.body)
    }
    await shop.timeline.jumpTo(shop.timeline.now() + 24 * 3_600_000)
    expect(shop.shop.received).toHaveLength(4)
  })

  test('a shop that fails for good: eleven tries more within a day and a bit, then none', async () => {
    const shop = await orderly()
    shop.shop.status = 503
    await shop.control('inventory', { variationId: 'VARTOTE1', adjust: -1 })
    for (let hours = 0; hours < 26; hours += 1) {
      await until(() => shop.square.pending() === 0)
      for (const minutes of [1, 2, 4, 8, 16, 32]) {
        await shop.timeline.jumpTo(shop.timeline.now() + minutes * 60_000)
        await until(() => shop.square.pending() === 0)
      }
    }
    expect(shop.shop.received.map(({ headers }) => headers['square-retry-number'])).toEqual([undefined, ...Array.from({ length: 11 }, (_, n) => String(n + 1))])
  })

  test('a vendor in disorder sends everything twice, under one event id', async () => {
    const shop = await orderly()
    await shop.control('disorder', { duplicates: 1 })
    await shop.control('inventory', { variationId: 'VARTOTE1', adjust: -1 })
    await shop.timeline.jumpTo(shop.timeline.now() + 500)
    await until(() => shop.shop.received.length === 2)
    expect(new Set(events(shop).map((event) => event['event_id'])).size).toBe(1)
  })
})
