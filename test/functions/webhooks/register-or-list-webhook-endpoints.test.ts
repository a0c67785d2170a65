/** Registering an address that is told of orders: its secret shown once, and none that leads into a network of ours. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Person, type Shop } from '../shop.ts'

const PATH = '/api/admin/webhook-endpoints'

let shop: Shop
let strict: Shop
let admin: Person

beforeAll(async () => {
  shop = await openShop()
  // As in production.
  strict = await openShop({ instances: 1, environment: { WEBHOOK_TO_LOOPBACK: 'false' } })
  admin = await shop.person('admin', 'ann')
}, 60_000)
afterAll(() => Promise.all([shop.cloud.stop(), strict.cloud.stop()]))

const register = (url: string, key?: string) => admin.post(PATH, { url, eventTypes: ['order.paid'] }, key)

describe('does', () => {
  test('show the secret in the answer and nowhere else', async () => {
    const { status, body } = await register('https://erp.example.com/hooks?t=1')
    expect(status).toBe(201)
    expect(body).toMatchObject({ endpoint: { url: 'https://erp.example.com/hooks?t=1', eventTypes: ['order.paid'], active: true }, secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) })
    const listed = await admin.get(PATH)
    expect(listed.body['endpoints']).toContainEqual(body['endpoint'])
    const kept = ['webhook_endpoints', 'operations', 'outbox'].map((name) => JSON.stringify(shop.documents(name))).join()
    expect(listed.text + kept).not.toContain(body['secret'].slice('whsec_'.length))
    expect(kept).not.toContain('?t=1\\"')
  })

  test('leave an audit event that names the host only', async () => {
    const { body } = await register('https://audit.example.com/secret-path')
    await shop.cloud.drain()
    const rows = (await shop.cloud.rows('audit', 'events_log')) as Array<Record<string, unknown>>
    const [row] = rows.filter(({ subject }) => subject === body['endpoint'].id)
    expect(row).toMatchObject({ who: 'admin ann', what: 'webhook_endpoint.registered' })
    expect(JSON.stringify(row)).not.toContain('secret-path')
  })
})

describe('refuses', () => {
  test.each([
    'http://erp.example.com/', 'ftp://erp.example.com/', 'https://ann:word@erp.example.com/', 'https://localhost/', 'https://127.0.0.1/', 'https://0x7f.1/', 'https://2130706433/',
    'https://10.0.0.1/', 'https://172.31.255.255/', 'https://192.168.1.1/', 'https://169.254.169.254/computeMetadata/v1/', 'https://metadata.google.internal/', 'https://100.64.0.1/',
    'https://[::1]/', 'https://[fd00::1]/', 'https://[fe80::1]/', 'https://[::ffff:10.0.0.1]/', 'https://[64:ff9b::a00:1]/', 'https://[2002:a00:1::]/', 'https://0.0.0.0/', 'https://erp/', 'https://db.local/', 'no address',
  ])('%s', async (url) => {
    const { status, body } = await (await strict.person('admin')).post(PATH, { url })
    expect([status, body['details']?.fields[0].field]).toEqual([400, 'url'])
  })

  test('anybody but admins, unknown events, and more endpoints than an order can bear', async () => {
    for (const role of ['customer', 'viewer', 'support'] as const) {
      const person = await shop.person(role)
      expect([(await person.post(PATH, { url: 'https://erp.example.com/' })).status, (await person.get(PATH)).status]).toEqual([403, 403])
    }
    expect((await shop.guest().get(PATH)).status).toBe(401)
    expect((await admin.post(PATH, { url: 'https://erp.example.com/', eventTypes: ['order.eaten'] })).status).toBe(400)
    const one = await strict.person('admin')
    const statuses: number[] = []
    for (let number = 0; number < 21; number += 1) statuses.push((await one.post(PATH, { url: `https://erp.example.com/${number}` })).status)
    expect(statuses).toEqual([...Array<number>(20).fill(201), 409])
  })
})

describe('survives', () => {
  test('two clicks at once, and a lost answer: one endpoint, one secret', async () => {
    const before = shop.documents('webhook_endpoints').length
    const answers = await Promise.all([register('https://twice.example.com/', 'k1'), register('https://twice.example.com/', 'k1')])
    answers.push(await register('https://twice.example.com/', 'k1'))
    expect(new Set(answers.map(({ body }) => body['secret'])).size).toBe(1)
    expect(shop.documents('webhook_endpoints').length).toBe(before + 1)
    expect((await register('https://other.example.com/', 'k1')).status).toBe(422)
  })
})
