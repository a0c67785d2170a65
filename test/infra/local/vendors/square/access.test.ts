/** Who may call the Square simulator, how often, in which version; sign-in; what is logged. */
import { describe, expect, test } from 'vitest'
import { errorOf, ground, TOKEN } from './ground.ts'

const OAUTH = { clientId: 'sq0idp-app', clientSecret: 'sq0csp-secret', refreshToken: 'refresh-forever' }
const REFRESH = {
  client_id: OAUTH.clientId,
  client_secret: OAUTH.clientSecret,
  grant_type: 'refresh_token',
  refresh_token: OAUTH.refreshToken,
}
const DAY_MS = 24 * 3_600_000

describe('does', () => {
  test('a token from sign-in lives 30 days, and the refresh token stays what it was', async () => {
    const { call, timeline } = await ground({ oauth: OAUTH })
    const { body } = await call('POST', '/oauth2/token', REFRESH, { authorization: '' })
    expect(body).toMatchObject({ token_type: 'bearer', refresh_token: OAUTH.refreshToken, short_lived: false })
    expect(Date.parse(body['expires_at']) - timeline.now()).toBeGreaterThan(30 * DAY_MS - 5000)
    const bearer = { authorization: `Bearer ${body['access_token']}` }
    expect((await call('GET', '/v2/locations', undefined, bearer)).status).toBe(200)
    expect((await call('POST', '/oauth2/token/status', {}, bearer)).body).toMatchObject({ client_id: OAUTH.clientId })
    await timeline.jumpTo(timeline.now() + 30 * DAY_MS)
    const late = await call('GET', '/v2/locations', undefined, bearer)
    expect(errorOf(late)).toBe('401 AUTHENTICATION_ERROR ACCESS_TOKEN_EXPIRED')
  })

  test('a consent gives a code that works once', async () => {
    const { call, control } = await ground({ oauth: OAUTH })
    const { code } = (await control('consent')).body
    const grant = { client_id: OAUTH.clientId, client_secret: OAUTH.clientSecret, grant_type: 'authorization_code', code }
    expect((await call('POST', '/oauth2/token', grant)).status).toBe(200)
    expect((await call('POST', '/oauth2/token', grant)).status).toBe(401)
  })

  test('calls are counted by operation and logged without secrets', async () => {
    const { call, square, wire } = await ground({ oauth: OAUTH })
    await call('GET', '/v2/catalog/object/test-product-1')
    await call('POST', '/oauth2/token', REFRESH)
    expect(wire.calls().map((entry) => entry.operation)).toEqual(['GET /v2/catalog/object/:id', 'POST /oauth2/token'])
    expect(square.requests()).toMatchObject([
      { method: 'GET', path: '/v2/catalog/object/test-product-1', status: 200, instance: 'instance-1' },
      { method: 'POST', path: '/oauth2/token', status: 200 },
    ])
    expect(JSON.stringify(square.requests())).not.toMatch(/sq0csp-secret|refresh-forever|EAAAl/)
  })

  test('the answer names the version that was asked for', async () => {
    const { call } = await ground()
    const answer = await call('GET', '/v2/locations', undefined, { 'square-version': '2025-08-20' })
    expect(answer.headers.get('square-version')).toBe('2025-08-20')
  })
})

describe('refuses', () => {
  test('calls without a good token, with the body the vendor sends', async () => {
    const { call, control } = await ground()
    const none = await call('GET', '/v2/locations', undefined, { authorization: '' })
    expect(errorOf(none)).toBe('401 AUTHENTICATION_ERROR UNAUTHORIZED')
    expect(none.body['errors']).toMatchObject([{ detail: 'This request could not be authorized.' }])
    expect((await call('GET', '/v2/payments/x', undefined, { authorization: 'Bearer wrong' })).status).toBe(401)
    await control('tokens', { end: 'expired' })
    expect(errorOf(await call('GET', '/v2/locations'))).toBe('401 AUTHENTICATION_ERROR ACCESS_TOKEN_EXPIRED')
    await control('tokens', { end: 'revoked' })
    expect(errorOf(await call('GET', '/v2/locations'))).toBe('401 AUTHENTICATION_ERROR ACCESS_TOKEN_REVOKED')
  })

  test('a token outside its permissions', async () => {
    const { call } = await ground({ oauth: OAUTH })
    const { body } = await call('POST', '/oauth2/token', { ...REFRESH, scopes: ['ITEMS_READ'] })
    const bearer = { authorization: `Bearer ${body['access_token']}` }
    expect((await call('GET', '/v2/catalog/list', undefined, bearer)).status).toBe(200)
    expect(errorOf(await call('GET', '/v2/payments', undefined, bearer))).toBe('403 AUTHENTICATION_ERROR INSUFFICIENT_SCOPES')
  })

  test('sign-in with a wrong secret, and tokens that were revoked', async () => {
    const { call } = await ground({ oauth: OAUTH })
    expect((await call('POST', '/oauth2/token', { ...REFRESH, client_secret: 'guess' })).status).toBe(401)
    expect((await call('POST', '/oauth2/token', { ...REFRESH, refresh_token: 'guess' })).status).toBe(401)
    const revoke = { client_id: OAUTH.clientId, access_token: TOKEN }
    const revoked = await call('POST', '/oauth2/revoke', revoke, { authorization: 'Client sq0csp-secret' })
    expect(revoked.body).toEqual({ success: true })
    expect(errorOf(await call('GET', '/v2/locations'))).toBe('401 AUTHENTICATION_ERROR ACCESS_TOKEN_REVOKED')
  })

  test('versions that are no day or not known yet, unknown paths and methods, bodies that are not JSON', async () => {
    const { call } = await ground()
    const version = (value: string) => call('GET', '/v2/locations', undefined, { 'square-version': value })
    expect(errorOf(await version('latest'))).toBe('400 INVALID_REQUEST_ERROR INVALID_SQUARE_VERSION_FORMAT')
    expect(errorOf(await version('2026-02-30'))).toBe('400 INVALID_REQUEST_ERROR INVALID_SQUARE_VERSION_FORMAT')
    expect(errorOf(await version('2099-01-01'))).toBe('400 INVALID_REQUEST_ERROR API_VERSION_INCOMPATIBLE')
    expect(errorOf(await call('GET', '/v2/nothing'))).toBe('404 INVALID_REQUEST_ERROR NOT_FOUND')
    expect((await call('DELETE', '/v2/payments')).status).toBe(405)
    expect(errorOf(await call('POST', '/v2/catalog/search', '{broken'))).toBe('400 INVALID_REQUEST_ERROR BAD_REQUEST')
  })

  test('too many calls, with and without Retry-After, when told to', async () => {
    const { call, control } = await ground()
    await control('rate_limit', { times: 1 })
    const plain = await call('GET', '/v2/locations')
    expect(errorOf(plain)).toBe('429 RATE_LIMIT_ERROR RATE_LIMITED')
    expect(plain.headers.get('retry-after')).toBeNull()
    expect((await call('GET', '/v2/locations')).status).toBe(200)
    await control('rate_limit', { times: 1, retryAfterSeconds: 7 })
    expect((await call('GET', '/v2/locations')).headers.get('retry-after')).toBe('7')
    await control('rate_limit', { perSecond: 0 })
    expect((await call('GET', '/v2/locations')).status).toBe(429)
    await control('rate_limit', { perSecond: null })
    expect((await call('GET', '/v2/locations')).status).toBe(200)
  })

  test('control actions it does not have and values it cannot use', async () => {
    const { control } = await ground()
    expect((await control('explode')).status).toBe(404)
    expect((await control('inventory', { variationId: 'VARTOTE1' })).status).toBe(400)
    expect((await control('inventory', { variationId: 'nowhere', adjust: 1 })).status).toBe(404)
    expect((await control('catalog/VARTOTE1/price', { amount: -1 })).status).toBe(400)
    expect((await control('disorder', { late: 2 })).status).toBe(400)
  })
})
