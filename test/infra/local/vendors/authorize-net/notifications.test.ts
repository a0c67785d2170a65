/** Webhooks of the Authorize.Net simulator: what they say, how they are signed, and how long they are tried. */
import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signature } from '../../../../../infra/local/vendors/authorize-net/notifications.ts'
import { LOGIN_ID, openAccount, SIGNATURE_KEY, TRANSACTION_KEY, type Json } from './at-authorize-net.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const BASIC = { authorization: `Basic ${Buffer.from(`${LOGIN_ID}:${TRANSACTION_KEY}`).toString('base64')}` }

async function rest(url: string, method: string, path: string, body?: unknown, headers: Record<string, string> = BASIC): Promise<{ status: number; body: Json }> {
  const response = await fetch(`${url}/rest/v1/${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Json) }
}

describe('does', () => {
  test('sign as the worked example does: with the key as it is written', () => {
    const body = '{"notificationId":"d0e8e7fe-c3e7-4add-a480-27bc5ce28a18","eventType":"net.authorize.payment.authcapture.created","eventDate":"2026-11-20T09:00:00.0000000Z","webhookId":"63d6fea2-aa13-4b1d-a204-f5fbc15942b7","payload":{"responseCode":1,"authCode":"LZ6I19","avsResponse":"Y","authAmount":45.00,"invoiceNumber":"INV-1001","merchantReferenceId":"ord-1001","entityName":"transaction","id":"60020981676"}}'
    expect(signature(body, SIGNATURE_KEY)).toBe(
      'sha512=23A5882A9D2A86FB602D6BA7932219395C5E686D573F3288C46CC359C073A4788F439569F1E6F19C9ACE8C679EF46356CE4253E310F32ED79EFBD35C0ACE87E5',
    )
  })

  test('tell of a charge in bytes that cannot be written twice, signed over just these', async () => {
    const account = await openAccount()
    const id = await account.charged({ amount: '45.00' })
    await account.quiet()
    const [{ headers, text, event }] = account.received as [(typeof account.received)[0]]
    expect(text).toContain('"authAmount":45.00,')
    expect(headers['x-anet-signature']).toBe(`sha512=${createHmac('sha512', SIGNATURE_KEY).update(text).digest('hex').toUpperCase()}`)
    expect(event).toMatchObject({ eventType: 'net.authorize.payment.authcapture.created', payload: { responseCode: 1, authAmount: 45, entityName: 'transaction', id } })
    expect(event['eventDate']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/)
  })

  test('tell of each step by its own name, and nothing of a decline', async () => {
    const account = await openAccount()
    const id = await account.charged({ transactionType: 'authOnlyTransaction' })
    await account.transact({ transactionType: 'priorAuthCaptureTransaction', refTransId: id })
    await account.transact({ transactionType: 'voidTransaction', refTransId: id })
    await account.charge({}, 'tok_declined')
    const paid = await account.charged()
    await account.act('settle')
    await account.refund(paid, '1.00')
    await account.quiet()
    expect(account.types().toSorted()).toEqual(['authcapture.created', 'authorization.created', 'priorAuthCapture.created', 'refund.created', 'void.created'])
    const voided = account.received.find(({ event }) => event['eventType'].endsWith('void.created'))
    expect(voided?.event['payload'].authCode).toBeUndefined()
  })

  test('send twice and out of order when somebody wants it so, and again by hand in the same bytes', async () => {
    const account = await openAccount()
    await account.act('webhooks', { duplicates: 1, late: 0 })
    await account.charge()
    await account.pass(1_000)
    expect(account.received).toHaveLength(2)
    await account.act('webhooks', { duplicates: 0 })
    await account.act(`notifications/${account.received[0]?.event['notificationId']}/resend`)
    await account.quiet()
    expect(new Set(account.received.map(({ text }) => text)).size).toBe(1)
    expect(account.received).toHaveLength(3)
  })

  test('try ten times more when nobody takes it, then set the webhook inactive until somebody sets it active', async () => {
    const account = await openAccount()
    account.receiver.status = 500
    await account.charge()
    await account.quiet()
    const waits = [...[3, 3, 3].map((minutes) => minutes * MINUTE_MS), ...[8, 8, 8].map((hours) => hours * HOUR_MS), ...[48, 48, 48, 48].map((hours) => hours * HOUR_MS)]
    for (const [index, wait] of waits.entries()) {
      await account.pass(wait - 5_000)
      expect(account.received).toHaveLength(index + 1)
      await account.pass(5_000)
    }
    expect(account.received).toHaveLength(11)
    const [webhook] = (await rest(account.url, 'GET', 'webhooks')).body as unknown as Json[]
    expect(webhook?.['status']).toBe('inactive')
    expect((await rest(account.url, 'GET', 'notifications?deliveryStatus=Failed')).body['notifications']).toHaveLength(1)
    await account.charge()
    await account.quiet()
    expect(account.received).toHaveLength(11)
    account.receiver.status = 200
    expect((await rest(account.url, 'PUT', `webhooks/${webhook?.['webhookId']}`, { status: 'active' })).body['status']).toBe('active')
    await account.charge()
    await account.quiet()
    expect(account.received).toHaveLength(12)
  })

  test('send only what a webhook is subscribed to, and let one be added and removed', async () => {
    const account = await openAccount()
    const wish = { name: 'Second', url: '/second', eventTypes: ['net.authorize.payment.void.created'] }
    const { status, body } = await rest(account.url, 'POST', 'webhooks', wish)
    expect([status, body['status']]).toEqual([201, 'active'])
    await account.charge()
    await account.quiet()
    expect(account.received).toHaveLength(1)
    expect((await rest(account.url, 'DELETE', `webhooks/${body['webhookId']}`)).status).toBe(200)
    expect((await rest(account.url, 'GET', `webhooks/${body['webhookId']}`)).status).toBe(404)
  })
})

describe('refuses', () => {
  test('whoever does not sign in', async () => {
    const account = await openAccount()
    expect((await rest(account.url, 'GET', 'webhooks', undefined, {})).status).toBe(401)
    expect((await rest(account.url, 'GET', 'elsewhere')).status).toBe(404)
  })
})
