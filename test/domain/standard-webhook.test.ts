/** Signatures by the Standard Webhooks specification, checked against one that was computed apart from this code. */
import { describe, expect, test } from 'vitest'
import { secretText, signedHeaders } from '#domain/standard-webhook.ts'

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
