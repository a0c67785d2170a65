/** Pulling, as a person with a dead-letter subscription does: leases that end on the cloud's clock. */
import { v1 } from '@google-cloud/pubsub'
import { credentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, PROJECT, type Shop } from './shop.ts'

let shop: Shop
let puller: InstanceType<typeof v1.SubscriberClient>
let topics = 0
beforeAll(async () => {
  shop = await openShop()
  const { servicePath, port } = (await shop.client.getClientConfig()) as { servicePath: string; port: number }
  puller = new v1.SubscriberClient({ servicePath, port, sslCreds: credentials.createInsecure() })
})
afterAll(async () => {
  await puller.close()
  await shop.close()
})

function queue(more: object = {}): string {
  const name = `queue-${++topics}`
  shop.pubsub.addTopic(name)
  shop.pubsub.addSubscription({ name, topic: name, ...more })
  return name
}

async function pull(name: string, maxMessages = 10): Promise<Array<{ ackId: string; text: string; attempt: number }>> {
  const [answer] = await puller.pull({ subscription: `projects/${PROJECT}/subscriptions/${name}`, maxMessages })
  return (answer.receivedMessages ?? []).map(({ ackId, message, deliveryAttempt }) => ({
    ackId: String(ackId),
    text: String(message?.data),
    attempt: Number(deliveryAttempt),
  }))
}

const of = (name: string) => `projects/${PROJECT}/subscriptions/${name}`

describe('does', () => {
  test('hand a message out once, until its deadline has passed', async () => {
    const name = queue({ ackDeadlineSeconds: 30 })
    shop.pubsub.publish(name, { data: 'one' })
    expect(await pull(name)).toMatchObject([{ text: 'one', attempt: 0 }])
    expect(await pull(name)).toEqual([])
    await shop.timeline.jumpTo(shop.timeline.now() + 30_200)
    expect(await pull(name)).toMatchObject([{ text: 'one' }])
  })

  test('forget what is acknowledged, and not count what waits for a puller as pending', async () => {
    const name = queue()
    for (const data of ['one', 'two', 'three']) shop.pubsub.publish(name, { data })
    expect(shop.pubsub.pending()).toBe(0)
    const pulled = await pull(name, 2)
    await puller.acknowledge({ subscription: of(name), ackIds: pulled.map(({ ackId }) => ackId) })
    expect(shop.pubsub.peek(name).map(({ data }) => Buffer.from(data, 'base64').toString())).toEqual(['three'])
  })

  test('extend a deadline, and take a message back at once', async () => {
    const name = queue()
    shop.pubsub.publish(name, { data: 'one' })
    const ackId = (await pull(name))[0]?.ackId ?? ''
    await puller.modifyAckDeadline({ subscription: of(name), ackIds: [ackId], ackDeadlineSeconds: 600 })
    await shop.timeline.jumpTo(shop.timeline.now() + 60_000)
    expect(await pull(name)).toEqual([])
    await puller.modifyAckDeadline({ subscription: of(name), ackIds: [ackId], ackDeadlineSeconds: 0 })
    await shop.timeline.jumpTo(shop.timeline.now() + 200)
    expect(await pull(name)).toHaveLength(1)
  })

  test('forget what was published before a moment', async () => {
    const name = queue()
    shop.pubsub.publish(name, { data: 'old' })
    await puller.seek({ subscription: of(name), time: { seconds: Math.ceil(shop.timeline.now() / 1000) + 1 } })
    expect(await pull(name)).toEqual([])
  })
})

describe('refuses', () => {
  test('an acknowledgement after the deadline: the message comes again', async () => {
    const name = queue()
    shop.pubsub.publish(name, { data: 'one' })
    const ackId = (await pull(name))[0]?.ackId ?? ''
    await shop.timeline.jumpTo(shop.timeline.now() + 10_200)
    await puller.acknowledge({ subscription: of(name), ackIds: [ackId] })
    expect(await pull(name)).toHaveLength(1)
  })

  test('streaming pull', async () => {
    const error = await new Promise<{ code?: number }>((resolve) => {
      shop.client.subscription(queue()).on('error', resolve).on('message', () => {})
    })
    expect(error.code).toBe(12)
  })
})

describe('survives', () => {
  test('a subscription that nobody uses for 31 days is deleted, unless it never expires', async () => {
    const kept = queue()
    const [idle] = await shop.client.topic(kept).createSubscription('idle')
    await shop.timeline.jumpTo(shop.timeline.now() + 32 * 86_400_000)
    expect(await idle.exists()).toEqual([false])
    expect(await shop.client.subscription(kept).exists()).toEqual([true])
  })
})
