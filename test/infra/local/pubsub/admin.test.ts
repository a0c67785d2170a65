/** Topics, subscriptions and limits, as Google's client sees them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, PROJECT, type Shop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
  shop.pubsub.addTopic('orders')
})
afterAll(() => shop.close())

const topicName = (id: string) => `projects/${PROJECT}/topics/${id}`
const endpoint = { pushConfig: { pushEndpoint: 'http://127.0.0.1:1/f' } }

describe('does', () => {
  test('make, find, list and delete topics', async () => {
    const [topic] = await shop.client.createTopic('made')
    expect(await topic.exists()).toEqual([true])
    expect((await topic.getMetadata())[0]).toMatchObject({ name: `projects/${PROJECT}/topics/made`, state: 'ACTIVE' })
    await topic.setMetadata({ labels: { area: 'shop' } })
    expect((await topic.getMetadata())[0]?.labels).toEqual({ area: 'shop' })
    expect((await shop.client.getTopics())[0].map(({ name }) => name)).toContain(`projects/${PROJECT}/topics/made`)
    await topic.delete()
    expect(await topic.exists()).toEqual([false])
  })

  test('fill in the defaults of a subscription, the 31 days of its life among them', async () => {
    const [subscription] = await shop.client.topic('orders').createSubscription('with-defaults')
    const [metadata] = await subscription.getMetadata()
    expect(metadata).toMatchObject({
      topic: `projects/${PROJECT}/topics/orders`,
      ackDeadlineSeconds: 10,
      messageRetentionDuration: { seconds: '604800' },
      expirationPolicy: { ttl: { seconds: '2678400' } },
      deadLetterPolicy: null,
      retryPolicy: null,
    })
  })

  test('change what may be changed', async () => {
    const [subscription] = await shop.client.topic('orders').createSubscription('to-change', endpoint)
    await subscription.setMetadata({ ackDeadlineSeconds: 60, retryPolicy: { minimumBackoff: { seconds: 20 } } })
    await subscription.modifyPushConfig({ pushEndpoint: 'http://127.0.0.1:1/other' })
    expect((await subscription.getMetadata())[0]).toMatchObject({
      ackDeadlineSeconds: 60,
      retryPolicy: { minimumBackoff: { seconds: '20' }, maximumBackoff: { seconds: '600' } },
      pushConfig: { pushEndpoint: 'http://127.0.0.1:1/other' },
    })
    await subscription.setMetadata({ retryPolicy: null })
    expect((await subscription.getMetadata())[0]?.retryPolicy).toBeNull()
  })

  test('page through lists', async () => {
    for (const n of [1, 2, 3]) await shop.client.topic('orders').createSubscription(`page-${n}`)
    const [first, next] = await shop.client.getSubscriptions({ pageSize: 2, autoPaginate: false })
    expect(first).toHaveLength(2)
    expect(next).toMatchObject({ pageToken: '2' })
    const [all] = await shop.client.topic('orders').getSubscriptions()
    expect(all.map(({ name }) => name.split('/').at(-1))).toEqual(expect.arrayContaining(['page-1', 'page-2', 'page-3']))
  })

  test('leave the subscriptions of a deleted topic, without a topic', async () => {
    await shop.client.createTopic('short-lived')
    const [subscription] = await shop.client.topic('short-lived').createSubscription('left-behind')
    await shop.client.topic('short-lived').delete()
    expect((await subscription.getMetadata())[0]?.topic).toBe('_deleted-topic_')
  })

  test('bring a declared subscription in line, and keep what it is owed', async () => {
    shop.pubsub.addTopic('declared')
    shop.pubsub.addSubscription({ name: 'declared', topic: 'declared', backoffSeconds: { min: 10, max: 20 } })
    shop.pubsub.publish('declared', { data: 'kept' })
    shop.pubsub.addSubscription({ name: 'declared', topic: 'declared', ackDeadlineSeconds: 30 })
    const [metadata] = await shop.client.subscription('declared').getMetadata()
    expect(metadata).toMatchObject({ ackDeadlineSeconds: 30, retryPolicy: null, expirationPolicy: { ttl: null } })
    expect(shop.pubsub.peek('declared')).toHaveLength(1)
  })

  test('keep ids growing', async () => {
    const ids: number[] = []
    for (let n = 0; n < 50; n++) ids.push(Number(shop.pubsub.publish('orders', { data: 'x' })))
    expect([...ids].sort((a, b) => a - b)).toEqual(ids)
    expect(new Set(ids).size).toBe(50)
  })
})

describe('refuses', () => {
  test('what exists already, and what does not exist', async () => {
    await expect(shop.client.createTopic('orders')).rejects.toMatchObject({ code: 6 })
    await expect(shop.client.topic('missing').publishMessage({ json: {} })).rejects.toMatchObject({ code: 5 })
    await expect(shop.client.topic('missing').createSubscription('on-missing')).rejects.toMatchObject({ code: 5 })
    await expect(shop.client.subscription('missing').getMetadata()).rejects.toMatchObject({ code: 5 })
    await expect(shop.client.topic('missing').delete()).rejects.toMatchObject({ code: 5 })
  })

  test.for([
    ['an ack deadline under 10 seconds', { ackDeadlineSeconds: 9 }, 3],
    ['an ack deadline over 600 seconds', { ackDeadlineSeconds: 601 }, 3],
    ['an invalid filter', { filter: 'attributes.a = b' }, 3],
    ['too few attempts', { deadLetterPolicy: { deadLetterTopic: topicName('orders'), maxDeliveryAttempts: 4 } }, 3],
    ['a dead-letter topic that does not exist', { deadLetterPolicy: { deadLetterTopic: topicName('none') } }, 5],
    ['a backoff over 600 seconds', { retryPolicy: { maximumBackoff: { seconds: 601 } } }, 3],
    ['a backoff that shrinks', { retryPolicy: { minimumBackoff: { seconds: 20 }, maximumBackoff: { seconds: 10 } } }, 3],
    ['a retention under ten minutes', { messageRetentionDuration: { seconds: 599 } }, 3],
    ['exactly-once push', { ...endpoint, enableExactlyOnceDelivery: true }, 3],
    ['what is not served here', { enableExactlyOnceDelivery: true }, 12],
  ] as const)('a subscription with %s', async ([, options, code]) => {
    await expect(shop.client.topic('orders').createSubscription('bad', options as object)).rejects.toMatchObject({ code })
    expect(await shop.client.subscription('bad').exists()).toEqual([false])
  })

  test.for([['ab'], ['1orders'], ['google-orders'], ['ord ers']] as const)('the name %s', async ([name]) => {
    await expect(shop.client.createTopic(name)).rejects.toMatchObject({ code: 3 })
  })

  test('a change of the filter', async () => {
    const [subscription] = await shop.client.topic('orders').createSubscription('filtered', { filter: 'attributes:a' })
    await expect(subscription.setMetadata({ filter: 'attributes:b' })).rejects.toMatchObject({ code: 3 })
  })

  test.for([
    ['without data and attributes', { data: Buffer.alloc(0) }],
    ['with an empty attribute key', { attributes: { '': 'x' } }],
    ['with an attribute key beginning with goog', { attributes: { google: 'x' } }],
    ['with an attribute key of 257 bytes', { attributes: { ['k'.repeat(257)]: 'x' } }],
    ['with a value of 1,025 bytes', { attributes: { k: 'ü'.repeat(513) } }],
    ['with 101 attributes', { attributes: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`k${n}`, ''])) }],
    ['over 10 MB', { data: Buffer.alloc(10_000_001) }],
  ] as const)('a message %s', async ([, message]) => {
    await expect(shop.client.topic('orders').publishMessage(message)).rejects.toMatchObject({ code: 3 })
  })
})
