/** Mails taken in by the Resend simulator, through the vendor's own SDK. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Disk } from '../../../../../infra/local/disk.ts'
import { ground, mail } from './ground.ts'

const DAY_MS = 24 * 3_600_000
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('does', () => {
  test('a mail is taken, sent, and delivered shortly after', async () => {
    const { sdk, vendor, pass } = await ground()
    const tags = [{ name: 'order', value: 'ORD-1' }]
    const sent = await sdk.emails.send(
      { ...mail(), replyTo: 'help@shop.example', cc: ['bo@example.com'], headers: { 'X-Order': '1' }, tags },
      { idempotencyKey: 'order-confirmed/1' },
    )
    expect(sent.data?.id).toMatch(UUID)
    expect(sent.headers).toMatchObject({ 'ratelimit-limit': '100', 'ratelimit-policy': '100;w=1', 'ratelimit-reset': '1' })
    expect(vendor.pending()).toBeGreaterThan(0)
    await pass(400)
    const { data } = await sdk.emails.get(sent.data?.id ?? '')
    expect(data).toMatchObject({
      object: 'email',
      from: 'Shop <orders@shop.example>',
      to: ['ada@example.com'],
      cc: ['bo@example.com'],
      bcc: null,
      reply_to: ['help@shop.example'],
      html: '<p>Thank you</p>',
      last_event: 'delivered',
      tags,
    })
    expect(data?.created_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00$/)
    expect(vendor.objects('emails')).toMatchObject([
      { id: sent.data?.id, text: 'Thank you', headers: { 'X-Order': '1' }, tags, idempotency_key: 'order-confirmed/1' },
    ])
    expect(vendor.requests()).toMatchObject([
      { method: 'POST', path: '/emails', idempotencyKey: 'order-confirmed/1', status: 200, body: { subject: 'Your order' } },
      { method: 'GET', status: 200 },
    ])
  })

  test('a batch gives ids in the order of its mails', async () => {
    const { sdk } = await ground()
    const sent = await sdk.batch.send([mail('a@example.com'), mail('b@example.com')])
    expect(sent.error).toBeNull()
    const [first, second] = sent.data?.data ?? []
    expect((await sdk.emails.get(first?.id ?? '')).data?.to).toEqual(['a@example.com'])
    expect((await sdk.emails.get(second?.id ?? '')).data?.to).toEqual(['b@example.com'])
  })

  test('a permissive batch sends what is valid and names the rest; a strict one sends nothing', async () => {
    const { sdk, vendor } = await ground()
    const batch = [mail(), { ...mail(), to: 'nobody' }, mail('b@example.com')]
    const strict = await sdk.batch.send(batch)
    expect(strict.error).toMatchObject({ statusCode: 422, name: 'invalid_parameter' })
    expect(vendor.objects('emails')).toHaveLength(0)
    const permissive = await sdk.batch.send(batch, { batchValidation: 'permissive' })
    expect(permissive.data?.data).toHaveLength(2)
    expect(permissive.data?.errors).toMatchObject([{ index: 1, message: expect.stringContaining('`to`') }])
  })

  test('a scheduled mail goes out at its moment, can be moved, and can be cancelled', async () => {
    const { sdk, timeline, pass } = await ground()
    const at = (ms: number) => new Date(timeline.now() + ms).toISOString()
    const moved = await sdk.emails.send({ ...mail(), scheduledAt: at(3_600_000) })
    const cancelled = await sdk.emails.send({ ...mail(), scheduledAt: at(3_600_000) })
    const last = async (id: string | undefined) => (await sdk.emails.get(id ?? '')).data?.last_event
    expect(await last(moved.data?.id)).toBe('scheduled')
    await sdk.emails.update({ id: moved.data?.id ?? '', scheduledAt: at(7_200_000) })
    expect((await sdk.emails.cancel(cancelled.data?.id ?? '')).data).toEqual({ object: 'email', id: cancelled.data?.id })
    await pass(3_700_000)
    expect([await last(moved.data?.id), await last(cancelled.data?.id)]).toEqual(['scheduled', 'canceled'])
    await pass(3_700_000)
    expect(await last(moved.data?.id)).toBe('delivered')
    expect((await sdk.emails.cancel(moved.data?.id ?? '')).error?.statusCode).toBe(422)
  })

  test('mails are listed newest first, onwards and back', async () => {
    const { sdk } = await ground()
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.unshift((await sdk.emails.send(mail(`n${n}@example.com`))).data?.id ?? '')
    const first = await sdk.emails.list({ limit: 2 })
    expect(first.data?.data.map((email) => email.id)).toEqual(ids.slice(0, 2))
    expect(first.data?.has_more).toBe(true)
    const rest = await sdk.emails.list({ limit: 10, after: ids[1] ?? '' })
    expect(rest.data?.data.map((email) => email.id)).toEqual(ids.slice(2))
    expect(rest.data?.has_more).toBe(false)
    const back = await sdk.emails.list({ limit: 1, before: ids[2] ?? '' })
    expect(back.data?.data.map((email) => email.id)).toEqual([ids[1]])
  })
})

describe('refuses', () => {
  test('mails that break a rule, each by the vendor name of the rule', async () => {
    const { sdk, vendor } = await ground()
    const refusal = async (part: object) => {
      const { error } = await sdk.emails.send({ ...mail(), ...part } as Parameters<typeof sdk.emails.send>[0])
      return `${error?.statusCode} ${error?.name}`
    }
    expect(await refusal({ to: undefined })).toBe('422 missing_required_field')
    expect(await refusal({ subject: undefined })).toBe('422 missing_required_field')
    expect(await refusal({ html: undefined, text: undefined })).toBe('422 missing_required_field')
    expect(await refusal({ from: 'Shop' })).toBe('422 invalid_from_address')
    expect(await refusal({ to: 'Ada <ada@>' })).toBe('422 invalid_parameter')
    expect(await refusal({ to: Array.from({ length: 51 }, (_, n) => `a${n}@example.com`) })).toBe('422 invalid_parameter')
    expect(await refusal({ tags: [{ name: 'order', value: 'ÖRD 1' }] })).toBe('422 invalid_parameter')
    expect(await refusal({ attachments: [{ filename: 'a.txt' }] })).toBe('422 invalid_attachment')
    expect(await refusal({ scheduledAt: '2020-01-01T00:00:00Z' })).toBe('422 invalid_parameter')
    expect(await refusal({ scheduledAt: 'soon' })).toBe('422 invalid_parameter')
    expect(await refusal({ template: { id: 'welcome' } })).toBe('422 invalid_parameter')
    expect(vendor.objects('emails')).toHaveLength(0)
  })

  test('domains that are not verified, when some are', async () => {
    const { sdk } = await ground({ verifiedDomains: ['shop.example'] })
    expect((await sdk.emails.send(mail())).error).toBeNull()
    const { error } = await sdk.emails.send({ ...mail(), from: 'a@other.example' })
    expect(error).toMatchObject({ statusCode: 403, name: 'validation_error' })
  })

  test('batches with attachments, without mails, and with too many', async () => {
    const { sdk } = await ground()
    const attached = { ...mail(), attachments: [{ filename: 'a', content: 'YQ==' }] }
    expect((await sdk.batch.send([attached as ReturnType<typeof mail>])).error?.name).toBe('invalid_parameter')
    expect((await sdk.batch.send([])).error?.statusCode).toBe(422)
    expect((await sdk.batch.send(Array.from({ length: 101 }, () => mail()))).error?.statusCode).toBe(422)
  })
})

describe('survives', () => {
  test('a retry: one key sends one mail for 24 hours, and not again for another payload', async () => {
    const { sdk, vendor, pass } = await ground()
    const send = (subject: string) => sdk.emails.send({ ...mail(), subject }, { idempotencyKey: 'receipt/1' })
    const first = await send('Receipt')
    expect((await send('Receipt')).data).toEqual(first.data)
    expect((await send('Other')).error).toMatchObject({ statusCode: 409, name: 'invalid_idempotent_request' })
    expect(vendor.objects('emails')).toHaveLength(1)
    await pass(DAY_MS + 1)
    expect((await send('Receipt')).data?.id).not.toBe(first.data?.id)
    expect(vendor.objects('emails')).toHaveLength(2)
    const { error } = await sdk.emails.send(mail(), { idempotencyKey: 'x'.repeat(257) })
    expect(error).toMatchObject({ statusCode: 400, name: 'invalid_idempotency_key' })
  })

  test('two calls at once under one key: one sends, the other is told to wait', async () => {
    const { sdk, vendor } = await ground({ latencyMs: 40 })
    const answers = await Promise.all([1, 2, 3].map(() => sdk.emails.send(mail(), { idempotencyKey: 'once' })))
    const names = answers.map((answer) => answer.error?.name ?? 'sent').toSorted()
    expect(names).toEqual(['concurrent_idempotent_requests', 'concurrent_idempotent_requests', 'sent'])
    expect((await sdk.emails.send(mail(), { idempotencyKey: 'once' })).data?.id).toMatch(UUID)
    expect(vendor.objects('emails')).toHaveLength(1)
  })

  test('a lost answer: the mail was taken, and the same key says so', async () => {
    const { sdk, vendor, wire } = await ground()
    wire.addFault({ target: 'resend', operation: 'POST /emails', when: 'after', effect: 'drop' })
    const lost = await sdk.batch.send([mail(), mail()], { idempotencyKey: 'batch/1' })
    expect(lost.error).toBeNull()
    const dropped = await sdk.emails.send(mail(), { idempotencyKey: 'one' })
    expect(dropped.error).toMatchObject({ name: 'application_error', statusCode: null })
    expect((await sdk.emails.send(mail(), { idempotencyKey: 'one' })).error).toBeNull()
    expect(vendor.objects('emails')).toHaveLength(3)
  })

  test('a restart between sent and delivered', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'resend-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const before = await ground({ deliveryMs: 60_000 }, new Disk(directory))
    const sent = await before.sdk.emails.send(mail(), { idempotencyKey: 'k' })
    await before.pass(10)
    expect((await before.sdk.emails.get(sent.data?.id ?? '')).data?.last_event).toBe('sent')
    before.timeline.stop()
    const after = await ground({}, new Disk(directory))
    expect((await after.sdk.emails.send(mail(), { idempotencyKey: 'k' })).data).toEqual(sent.data)
    await after.pass(60_000)
    expect((await after.sdk.emails.get(sent.data?.id ?? '')).data?.last_event).toBe('delivered')
  })
})
