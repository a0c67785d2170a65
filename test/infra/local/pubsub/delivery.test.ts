/**
 * What a function may rely on when a message reaches it, and what it must not: proven through Google's client.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { openShop, until, PROJECT, type Shop, type ShopOptions } from './shop.ts'

const open: Shop[] = []
afterEach(async () => {
  for (const shop of open.splice(0)) await shop.close()
})

async function shopWith(options: ShopOptions = {}): Promise<Shop> {
  const shop = await openShop(options)
  open.push(shop)
  shop.pubsub.addTopic('orders')
  return shop
}

const FUNCTION = 'http://127.0.0.1:1/on-order'

describe('does', () => {
  test('push a message as the binary CloudEvent that the platform sends', async () => {
    const shop = await shopWith()
    await shop.client.topic('orders').createSubscription('on-order', { pushConfig: { pushEndpoint: FUNCTION } })
    const id = await shop.client.topic('orders').publishMessage({ json: { order: 1 }, attributes: { type: 'order.paid' } })
    await shop.drain()
    expect(shop.pushed).toHaveLength(1)
    const { request, body } = shop.pushed[0]!
    const publishTime = request.headers['ce-time']!
    expect(request.headers).toEqual({
      'content-type': 'application/json',
      'ce-id': id,
      'ce-specversion': '1.0',
      'ce-type': 'google.cloud.pubsub.topic.v1.messagePublished',
      'ce-source': `//pubsub.googleapis.com/projects/${PROJECT}/topics/orders`,
      'ce-time': publishTime,
    })
    expect(body).toEqual({
      message: {
        data: Buffer.from('{"order":1}').toString('base64'),
        attributes: { type: 'order.paid' },
        messageId: id,
        message_id: id,
        publishTime,
        publish_time: publishTime,
      },
      subscription: `projects/${PROJECT}/subscriptions/on-order`,
    })
  })

  test('give every subscription its own copy, and keep a message until all have acknowledged', async () => {
    let ready = false
    const shop = await shopWith({ answer: (one) => (one.subscription === 'on-slow' && !ready ? 503 : 200) })
    const backoffSeconds = { min: 10, max: 600 }
    for (const name of ['on-fast', 'on-slow']) {
      shop.pubsub.addSubscription({ name, topic: 'orders', pushEndpoint: FUNCTION, backoffSeconds })
    }
    await shop.client.topic('orders').publishMessage({ data: Buffer.from('one') })
    await shop.drain()
    expect(shop.pubsub.peek('orders').map(({ owedTo }) => owedTo)).toEqual([[`projects/${PROJECT}/subscriptions/on-slow`]])
    ready = true
    await shop.timeline.jumpTo(shop.timeline.now() + 10_000)
    await shop.drain()
    expect(shop.pubsub.peek('orders')).toEqual([])
    expect(shop.pushed.map(({ subscription }) => subscription).sort()).toEqual(['on-fast', 'on-slow', 'on-slow'])
  })

  test('push to an endpoint over HTTP when no router is given', async () => {
    const { createServer } = await import('node:http')
    const seen: unknown[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers['ce-type'])
      request.resume().on('end', () => response.writeHead(204).end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const shop = await shopWith({ overHttp: true })
    shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: `http://127.0.0.1:${port}/` })
    await shop.client.topic('orders').publishMessage({ data: Buffer.from('one') })
    await shop.drain()
    server.close()
    expect(seen).toEqual(['google.cloud.pubsub.topic.v1.messagePublished'])
    expect(shop.pubsub.peek('orders')).toEqual([])
  })

  test('deliver at most eight at once to one subscription and sixteen overall', async () => {
    const flying: string[] = []
    let open = () => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const shop = await shopWith({
      answer: async ({ subscription }) => {
        flying.push(subscription)
        await gate
        return 200
      },
    })
    for (const name of ['one', 'two', 'three']) shop.pubsub.addTopic(`${name}-topic`)
    for (const name of ['one', 'two', 'three']) {
      shop.pubsub.addSubscription({ name: `on-${name}`, topic: `${name}-topic`, pushEndpoint: FUNCTION })
    }
    for (let n = 0; n < 40; n++) shop.pubsub.publish('one-topic', { data: String(n) })
    await until(() => flying.length > 0)
    await new Promise((resolve) => setImmediate(resolve))
    expect(flying).toHaveLength(8)
    for (let n = 0; n < 40; n++) for (const name of ['two', 'three']) shop.pubsub.publish(`${name}-topic`, { data: String(n) })
    await until(() => flying.length > 8)
    await new Promise((resolve) => setImmediate(resolve))
    expect(flying).toHaveLength(16)
    expect(flying.filter((name) => name === 'on-two')).toHaveLength(4)
    open()
    await shop.drain()
    expect(flying).toHaveLength(120)
  })

  test('withhold what the filter does not let through', async () => {
    const shop = await shopWith()
    await shop.client.topic('orders').createSubscription('on-paid', {
      filter: 'attributes.type = "order.paid" AND NOT attributes:test',
      pushConfig: { pushEndpoint: FUNCTION },
    })
    for (const attributes of [{ type: 'order.paid' }, { type: 'order.made' }, { type: 'order.paid', test: '1' }]) {
      await shop.client.topic('orders').publishMessage({ attributes })
    }
    await shop.drain()
    expect(shop.pushed.map(({ body }) => body.message.attributes)).toEqual([{ type: 'order.paid' }])
    expect(shop.pubsub.peek('orders')).toEqual([])
  })
})

describe('survives', () => {
  test('every answer that is no success: the message comes again, later each time, on the cloud\'s clock', async () => {
    const answers = [500, 302, 404, 429, 102]
    const shop = await shopWith({ answer: () => answers.shift() ?? 200 })
    const backoffSeconds = { min: 10, max: 30 }
    shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: FUNCTION, backoffSeconds })
    await shop.client.topic('orders').publishMessage({ data: Buffer.from('one') })
    await shop.drain()
    expect(shop.pushed).toHaveLength(1)
    await shop.timeline.jumpTo(shop.timeline.now() + 600_000)
    const waits = shop.pushed.slice(1).map(({ atMs }, index) => Math.round((atMs - shop.pushed[index]!.atMs) / 1000))
    expect(waits).toEqual([10, 20, 30, 30])
    expect(shop.pubsub.peek('orders')).toEqual([])
  })

  test('no answer by the deadline, and an instance that resets the connection', async () => {
    let tries = 0
    const answer = () => {
      tries += 1
      if (tries === 1) return new Promise<number>(() => {})
      if (tries === 2) throw new Error('read ECONNRESET')
      return 200
    }
    const shop = await shopWith({ answer, settings: { answerMsMax: 20 } })
    shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: FUNCTION })
    await shop.client.topic('orders').publishMessage({ data: Buffer.from('one') })
    await shop.drain()
    expect(tries).toBe(3)
    expect(shop.pubsub.peek('orders')).toEqual([])
  })

  test('a poison message: after its attempts it goes to the dead-letter topic, and says where it came from', async () => {
    const shop = await shopWith({ answer: ({ subscription }) => (subscription === 'on-order' ? 500 : 200) })
    shop.pubsub.addTopic('orders-dead')
    shop.pubsub.addSubscription({ name: 'orders-dead', topic: 'orders-dead' })
    await shop.client.topic('orders').createSubscription('on-order', {
      pushConfig: { pushEndpoint: FUNCTION },
      deadLetterPolicy: { deadLetterTopic: `projects/${PROJECT}/topics/orders-dead`, maxDeliveryAttempts: 5 },
      retryPolicy: { minimumBackoff: { seconds: 10 }, maximumBackoff: { seconds: 60 } },
    })
    const messageId = await shop.client.topic('orders').publishMessage({ data: Buffer.from('poison'), attributes: { a: '1' } })
    await shop.drain()
    await shop.timeline.jumpTo(shop.timeline.now() + 3_600_000)
    expect(shop.pushed.map(({ body }) => body.deliveryAttempt)).toEqual([1, 2, 3, 4, 5])
    expect(shop.pubsub.dead()).toMatchObject([{ messageId, attempts: 5, reason: 'attempts', attributes: { a: '1' } }])
    expect(shop.pubsub.peek('orders')).toEqual([])
    const attributes = { a: '1', CloudPubSubDeadLetterSourceSubscription: 'on-order' }
    expect(shop.pubsub.peek('orders-dead')).toMatchObject([{ data: Buffer.from('poison').toString('base64'), attributes }])
  })

  test('a message too large for an event: it goes to the dead letters without ever reaching the function', async () => {
    const shop = await shopWith()
    shop.pubsub.addTopic('orders-dead')
    const deadLetter = { topic: 'orders-dead', attemptsMax: 5 }
    shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: FUNCTION, deadLetter })
    await shop.client.topic('orders').publishMessage({ data: Buffer.alloc(400_000) })
    await shop.client.topic('orders').publishMessage({ data: Buffer.alloc(380_000) })
    await shop.drain()
    expect(shop.pubsub.dead()).toMatchObject([{ reason: 'too large', attempts: 0 }])
    expect(shop.pushed).toHaveLength(1)
  })

  test('duplicates: chosen messages come twice, some of them at the same time, the rest once', async () => {
    const flying = new Set<string>()
    let together = 0
    const shop = await shopWith({
      seed: 7,
      settings: { duplicates: 0.3 },
      answer: async ({ text }) => {
        if (flying.has(text)) together += 1
        flying.add(text)
        await new Promise((resolve) => setTimeout(resolve, 1))
        flying.delete(text)
        return 200
      },
    })
    shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: FUNCTION })
    for (let n = 0; n < 100; n++) shop.pubsub.publish('orders', { data: String(n) })
    await shop.drain()
    const times = new Map<string, number>()
    for (const { text } of shop.pushed) times.set(text, (times.get(text) ?? 0) + 1)
    expect(times.size).toBe(100)
    expect([...new Set(times.values())].sort()).toEqual([1, 2])
    const twice = shop.pushed.length - 100
    expect(twice).toBeGreaterThan(15)
    expect(twice).toBeLessThan(45)
    expect(together).toBeGreaterThan(3)
    expect(together).toBeLessThan(twice)
    expect(shop.pubsub.peek('orders')).toEqual([])
  })

  test('a run with the same seed: the same messages come twice', async () => {
    const runs: string[] = []
    for (const seed of [3, 3, 4]) {
      const shop = await shopWith({ seed, settings: { duplicates: 0.2 } })
      shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: FUNCTION })
      for (let n = 0; n < 50; n++) shop.pubsub.publish('orders', { data: String(n) })
      await shop.drain()
      runs.push(shop.pushed.map(({ text }) => text).sort().join())
    }
    expect(runs[0]).toBe(runs[1])
    expect(runs[0]).not.toBe(runs[2])
  })

  test('disorder: a late message is overtaken, and arrives', async () => {
    const shop = await shopWith({ settings: { late: 1 } })
    shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: FUNCTION })
    shop.pubsub.publish('orders', { data: 'first' })
    shop.pubsub.settings.late = 0
    shop.pubsub.publish('orders', { data: 'second' })
    await shop.drain()
    expect(shop.pushed.map(({ text }) => text)).toEqual(['second', 'first'])
  })

  test('disorder with an ordering key: one outstanding message a key, none overtakes another, not one that fails', async () => {
    const failures = new Map([['a2', 2], ['b1', 1]])
    const flying = new Set<string>()
    let overlaps = 0
    const shop = await shopWith({
      settings: { duplicates: 0.2, late: 0.5 },
      answer: async ({ text }) => {
        const key = text[0]!
        if (flying.has(key)) overlaps += 1
        flying.add(key)
        await new Promise((resolve) => setImmediate(resolve))
        flying.delete(key)
        const left = failures.get(text) ?? 0
        failures.set(text, left - 1)
        return left > 0 ? 500 : 200
      },
    })
    await shop.client.topic('orders').createSubscription('on-order', {
      enableMessageOrdering: true,
      pushConfig: { pushEndpoint: FUNCTION },
      retryPolicy: { minimumBackoff: { seconds: 1 }, maximumBackoff: { seconds: 4 } },
    })
    const topic = shop.client.topic('orders', { messageOrdering: true })
    const texts = ['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'b3', 'c3', 'a4', 'b4', 'c4']
    await Promise.all(texts.map((text) => topic.publishMessage({ data: Buffer.from(text), orderingKey: text[0]! })))
    await shop.timeline.jumpTo(shop.timeline.now() + 60_000)
    for (const key of ['a', 'b', 'c']) {
      const order = shop.pushed.map(({ text }) => text).filter((text) => text.startsWith(key))
      expect([...order].sort()).toEqual(order)
      expect(new Set(order).size).toBe(4)
    }
    expect(overlaps).toBe(0)
    expect(shop.pushed.every(({ body }) => body.message.orderingKey !== undefined)).toBe(true)
  })

  test('a function that is down for longer than the retention: the message is dropped, as the real service does', async () => {
    const shop = await shopWith({ answer: () => 503 })
    const backoffSeconds = { min: 600, max: 600 }
    shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: FUNCTION, backoffSeconds })
    shop.pubsub.publish('orders', { data: 'one' })
    await shop.drain()
    await shop.timeline.jumpTo(shop.timeline.now() + 7 * 86_400_000 + 1_200_000)
    expect(shop.pubsub.peek('orders')).toEqual([])
    expect(shop.pushed.length).toBeGreaterThan(900)
  })

  test('a function that waits for the clock while the clock jumps: neither waits for the other for ever', async () => {
    const shop = await shopWith({
      answer: () => new Promise<number>((resolve) => shop.timeline.after(30, () => resolve(200))),
    })
    shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: FUNCTION })
    shop.pubsub.publish('orders', { data: 'one' })
    await shop.timeline.jumpTo(shop.timeline.now() + 60_000)
    expect(shop.pushed).toHaveLength(1)
    expect(shop.pubsub.peek('orders')).toEqual([])
  })

  test('nobody to push to: held messages wait without losing an attempt', async () => {
    const shop = await shopWith()
    shop.pubsub.addSubscription({ name: 'on-order', topic: 'orders', pushEndpoint: FUNCTION })
    shop.pubsub.hold()
    shop.pubsub.publish('orders', { data: 'one' })
    await shop.timeline.jumpTo(shop.timeline.now() + 60_000)
    expect(shop.pushed).toEqual([])
    expect(shop.pubsub.pending()).toBe(1)
    shop.pubsub.release()
    await until(() => shop.pubsub.pending() === 0)
    expect(shop.pushed).toHaveLength(1)
  })
})
