/** `/health`: an instance says that it is alive, and asks nobody. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Shop } from '../shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('answer without a token', async () => {
    const { status, body, headers } = await shop.guest().get('/health')
    expect(status).toBe(200)
    expect(body).toEqual({ success: true, state: 'ok', timestamp: expect.any(String) })
    expect(headers.get('x-request-id')).toBeTruthy()
  })

  test('ask no server anything', async () => {
    await shop.guest().call('GET', '/health', undefined, { 'x-request-id': 'just-alive' })
    expect(shop.cloud.wire.calls().filter(({ requestId }) => requestId === 'just-alive')).toEqual([])
  })

  test('answer a monitor that asks more often than a person may', async () => {
    const monitor = shop.guest()
    const answers = await Promise.all(Array.from({ length: 130 }, () => monitor.get('/health')))
    expect(answers.filter(({ status }) => status !== 200).length).toBe(0)
  })
})

describe('refuses', () => {
  test('other methods than GET', async () => {
    expect((await shop.guest().post('/health')).status).toBe(404)
  })
})

describe('survives', () => {
  test('all neighbours being away', async () => {
    for (const target of shop.cloud.targets) shop.fault({ target, when: 'before', effect: 'hang', times: 1000 })
    expect((await shop.guest().get('/health')).status).toBe(200)
    shop.calm()
  })
})
