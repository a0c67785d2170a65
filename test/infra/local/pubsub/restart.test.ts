/** What is on disk: an answered publish is delivered whatever was killed meanwhile, each redelivery at its own moment. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Timeline } from '../../../../infra/local/timeline.ts'
import { openShop } from './shop.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pubsub-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

describe('survives', () => {
  test('a restart with messages under way, waiting, ordered and dead', async () => {
    const pushEndpoint = 'http://127.0.0.1:1/f'
    const answer = ({ text }: { text: string }) => (text === 'under way' ? new Promise<number>(() => {}) : 500)
    const first = await openShop({ directory, answer })
    first.pubsub.addTopic('orders')
    first.pubsub.addTopic('dead')
    const deadLetter = { topic: 'dead', attemptsMax: 5 }
    const backoffSeconds = { min: 60, max: 60 }
    first.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint, ordered: true, deadLetter, backoffSeconds })
    await first.client.topic('orders').publishMessage({ data: Buffer.from('under way') })
    for (const data of ['a1', 'a2']) first.pubsub.publish('orders', { data, orderingKey: 'a' })
    while (first.pushed.length < 2 || first.pubsub.pending() > 1) await new Promise((resolve) => setTimeout(resolve, 2))
    const { offsetMs } = first.timeline
    await first.close()

    const second = await openShop({ directory, timeline: new Timeline(offsetMs) })
    expect(second.pubsub.peek('orders')).toHaveLength(3)
    await second.drain()
    expect(second.pushed.map(({ text, body }) => [text, body.deliveryAttempt])).toEqual([['under way', 1]])
    await second.timeline.jumpTo(second.timeline.now() + 61_000)
    expect(second.pushed.slice(1).map(({ text, body }) => [text, body.deliveryAttempt])).toEqual([['a1', 2], ['a2', 1]])
    expect(second.pubsub.peek('orders')).toEqual([])
    const id = second.pubsub.publish('orders', { data: 'new' })
    expect(second.pushed.map(({ body }) => body.message.messageId)).not.toContain(id)
    await second.close()
  })

  test('a lost answer to a publish: the client sends it again, and the message exists twice', async () => {
    const shop = await openShop()
    shop.pubsub.addTopic('orders')
    shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: 'http://127.0.0.1:1/f' })
    shop.wire.addFault({ target: 'pubsub', operation: 'Publish', match: 'fragile', when: 'after', effect: 'drop' })
    await shop.client.topic('orders').publishMessage({ data: Buffer.from('fragile') })
    await shop.drain()
    expect(shop.pushed.map(({ text }) => text)).toEqual(['fragile', 'fragile'])
    expect(new Set(shop.pushed.map(({ body }) => body.message.messageId)).size).toBe(2)
    await shop.close()
  })
})
