/** Keys, rates and quotas of the Resend simulator. */
import { Resend } from 'resend'
import { describe, expect, test } from 'vitest'
import { API_KEY, ground, mail, SEND_ONLY_KEY } from './ground.ts'

const DAY_MS = 24 * 3_600_000

describe('refuses', () => {
  test('calls without a key, with a wrong key, and all but sending with a send-only key', async () => {
    const { url } = await ground()
    const none = await fetch(`${url}/emails`)
    expect(await none.json()).toMatchObject({ statusCode: 401, name: 'missing_api_key' })
    const wrong = await new Resend('re_wrong', { baseUrl: url }).emails.send(mail())
    expect(wrong.error).toMatchObject({ statusCode: 403, name: 'invalid_api_key' })
    const sender = new Resend(SEND_ONLY_KEY, { baseUrl: url })
    const sent = await sender.emails.send(mail())
    expect(sent.error).toBeNull()
    expect((await sender.emails.get(sent.data?.id ?? '')).error).toMatchObject({ statusCode: 401, name: 'restricted_api_key' })
  })

  test('paths, methods and ids that are not there, and bodies that are not JSON', async () => {
    const { url, sdk } = await ground()
    const headers = { authorization: `Bearer ${API_KEY}` }
    const answer = async (method: string, path: string, body?: string) => {
      const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) })
      return (await response.json()) as { statusCode: number; name: string }
    }
    expect(await answer('GET', '/nothing')).toMatchObject({ statusCode: 404, name: 'not_found' })
    expect(await answer('DELETE', '/emails')).toMatchObject({ statusCode: 405, name: 'method_not_allowed' })
    expect(await answer('POST', '/emails', '{broken')).toMatchObject({ statusCode: 400, name: 'validation_error' })
    const unknown = await sdk.emails.get('nobody')
    expect(unknown.error).toMatchObject({ statusCode: 404, name: 'not_found', message: 'Email not found' })
    expect((await sdk.emails.list({ limit: 101 })).error?.name).toBe('invalid_parameter')
  })

  test('more calls in one second than the limit, with the seconds to wait', async () => {
    const { sdk, control, timeline } = await ground()
    await control('rate_limit', { perSecond: 2 })
    await timeline.jumpTo(Math.ceil(timeline.now() / 1000) * 1000)
    const answers = []
    for (let n = 0; n < 3; n++) answers.push(await sdk.emails.list())
    expect(answers.map((answer) => answer.headers?.['ratelimit-remaining'])).toEqual(['1', '0', '0'])
    expect(answers[2]?.error).toMatchObject({ statusCode: 429, name: 'rate_limit_exceeded' })
    expect(answers[2]?.headers?.['retry-after']).toBe('1')
    await timeline.jumpTo(timeline.now() + 1000)
    expect((await sdk.emails.list()).error).toBeNull()
  })

  test('mails above the quota of the day: every recipient counts, and the next day is new', async () => {
    const { sdk, control, vendor, pass } = await ground({ dailyQuota: 3 })
    expect((await sdk.emails.send({ ...mail(), cc: 'b@example.com', bcc: ['c@example.com'] })).error).toBeNull()
    const over = await sdk.emails.send(mail(), { idempotencyKey: 'later' })
    expect(over.error).toMatchObject({ statusCode: 429, name: 'daily_quota_exceeded' })
    expect(over.headers?.['retry-after']).toBeUndefined()
    expect(vendor.objects('emails')).toHaveLength(1)
    await pass(DAY_MS)
    expect((await sdk.emails.send(mail(), { idempotencyKey: 'later' })).error).toBeNull()
    await control('quota', { monthly: 0 })
    expect((await sdk.emails.send(mail())).error?.name).toBe('monthly_quota_exceeded')
    await control('quota', { daily: null, monthly: null })
    expect((await sdk.emails.send(mail())).error).toBeNull()
  })

  test('control actions it does not have and values it cannot use', async () => {
    const { control, sdk } = await ground()
    const id = (await sdk.emails.send(mail())).data?.id ?? ''
    expect((await control('explode')).status).toBe(404)
    expect((await control('rate_limit', { perSecond: 0 })).status).toBe(422)
    expect((await control('webhooks', { duplicates: 2 })).status).toBe(422)
    expect((await control(`emails/${id}/event`, { type: 'eaten' })).status).toBe(422)
    expect((await control('emails/nobody/event', { type: 'opened' })).status).toBe(404)
  })
})
