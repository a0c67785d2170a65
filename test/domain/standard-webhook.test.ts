/** Signatures by the Standard Webhooks specification, checked against one that was computed apart from this code. */
import { describe, expect, test } from 'vitest'
import { isSigned, secretText, signedHeaders } from '#domain/standard-webhook.ts'

const MESSAGE = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', atMs: 1_614_265_330_999, body: '{"test": 2432232314}' }
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

describe('does', () => {
  test('sign id, time in whole seconds and body', () => {
    expect(signedHeaders(MESSAGE, [SECRET])).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330', 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  test('sign with two secrets while one is being exchanged', () => {
    const other = secretText(Buffer.alloc(32, 7))
    expect(signedHeaders(MESSAGE, [other, SECRET])['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/=]{44} v1,g0hM9SsE\+OTPJTGt\/tmIKtSyZlE3uFJELVlNIOLJ1OE=$/)
  })
})

/** Resend's own example, computed by its vendor's library. */
const RECEIVED = {
  id: 'msg_2xYk9Qe7nB4vT1cW5zR8aLmD', seconds: '1763631000', signature: 'v1,nc6rZfyhZMpj6EeU2PVKDiuad+Cu1HWpSGsDVUME/T4=',
  raw: Buffer.from('{"type":"email.delivered","created_at":"2026-11-20T09:30:00.000Z","data":{"email_id":"56761188-7520-42d8-8898-ff6fc54ce618"}}'),
}
const THEIRS = 'whsec_Y29tbWVyY2UtYmFjay1vZmZpY2UtdGVzdC1rZXktMDE='
const AT_MS = 1_763_631_000_000

describe('takes as signed', () => {
  test.each<[string, object, string[], number]>([
    ['the very bytes under the secret', {}, [THEIRS], 0],
    ['one of two secrets, during a rotation', {}, [SECRET, THEIRS], 0],
    ['one of several signatures, and another version', { signature: `v1a,xx v1,AAAA ${RECEIVED.signature}` }, [THEIRS], 0],
    ['five minutes late', {}, [THEIRS], 300_000],
    ['five minutes early', {}, [THEIRS], -300_000],
  ])('%s', (_, change, secrets, afterMs) => {
    expect(isSigned({ ...RECEIVED, ...change }, secrets, AT_MS + afterMs)).toBe(true)
  })
})

describe('refuses', () => {
  test.each<[string, object, string[], number]>([
    ['another secret', {}, [SECRET], 0],
    ['no secret', {}, [], 0],
    ['one byte changed', { raw: Buffer.from(RECEIVED.raw.toString().replace('delivered', 'delivereD')) }, [THEIRS], 0],
    ['another id', { id: 'msg_other' }, [THEIRS], 0],
    ['another time', { seconds: '1763631001' }, [THEIRS], 0],
    ['a time that is no number', { seconds: '1763631000.0' }, [THEIRS], 0],
    ['no signature', { signature: '' }, [THEIRS], 0],
    ['a signature cut short', { signature: RECEIVED.signature.slice(0, -8) }, [THEIRS], 0],
    ['another version only', { signature: RECEIVED.signature.replace('v1,', 'v2,') }, [THEIRS], 0],
    ['more than five minutes late', {}, [THEIRS], 301_000],
    ['more than five minutes early', {}, [THEIRS], -301_000],
  ])('%s', (_, change, secrets, afterMs) => {
    expect(isSigned({ ...RECEIVED, ...change }, secrets, AT_MS + afterMs)).toBe(false)
  })
})
