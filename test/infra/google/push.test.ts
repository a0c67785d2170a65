/** What a subscription of our own sends, which is no event of a trigger: the framework and the seam take it as the same. */
import { cloudEvent } from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { message } from '#entry/message.ts'

const heard: unknown[] = []
const onThing = message({
  name: 'on-thing', topic: 'things', impact: 'Things are missed.', data: z.object({ thingId: z.string() }),
  run: async (data) => {
    if (data.thingId === 'bad') throw new Error('it does not work')
    heard.push(data)
  },
})
cloudEvent(onThing.name, onThing.handle)
const server = getTestServer(onThing.name)

beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close())

/** As Pub/Sub pushes: JSON, without a header of an event. */
async function push(data: unknown): Promise<number> {
  const body = {
    message: { data: Buffer.from(JSON.stringify(data)).toString('base64'), attributes: { kind: 'thing' }, messageId: '7', publishTime: '2026-11-20T12:00:00.000Z' },
    subscription: 'projects/shop/subscriptions/on-thing', deliveryAttempt: 1,
  }
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/projects/shop/topics/things`
  const response = await fetch(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return response.status
}

describe('does', () => {
  test('a push without headers of an event reaches the work, and is acknowledged', async () => {
    expect(await push({ thingId: 'one' })).toBe(204)
    expect(heard).toEqual([{ thingId: 'one' }])
  })
})

describe('survives', () => {
  test('work that fails: the push is not acknowledged, so it comes again', async () => {
    expect(await push({ thingId: 'bad' })).toBe(500)
  })
})
