import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { HttpPorts, type HttpService } from '../../../infra/local/http-ports.ts'
import { Wire, WireFault, type Fault, type WireCall } from '../../../infra/local/wire.ts'

function call(overrides: Partial<WireCall> = {}): WireCall {
  const refund = { instance: 'instance-1', target: 'stripe', operation: 'POST /v1/refunds', bytes: 10, text: () => 'amount=100' }
  return { ...refund, ...overrides }
}

function wire(): { wire: Wire; killed: string[] } {
  const killed: string[] = []
  return { wire: new Wire({ now: () => Date.UTC(2026, 11, 1), kill: (label) => void killed.push(label) }), killed }
}

async function effectOf(fault: Fault, subject = wire()): Promise<{ worked: number; loss: unknown; killed: string[] }> {
  let worked = 0
  subject.wire.addFault(fault)
  const loss = await subject.wire.pass(call(), () => void (worked += 1)).catch((error: unknown) => error)
  return { worked, loss: loss instanceof WireFault ? [loss.effect, loss.status] : loss, killed: subject.killed }
}

const fault = { target: 'stripe', when: 'before', effect: 'drop' } as const

describe('does', () => {
  test('counts every call with what it cost', async () => {
    const { wire: subject } = wire()
    await subject.pass(call({ function: 'check-out', requestId: 'r-1' }), (tally) => {
      tally.reads += 2
      tally.bytes += 5
    })
    await subject.pass(call({ target: 'firestore', operation: 'Commit' }), (tally) => void (tally.writes += 3))
    expect(subject.calls()).toMatchObject([
      { n: 1, instance: 'instance-1', target: 'stripe', function: 'check-out', requestId: 'r-1', reads: 2, writes: 0, bytes: 15 },
      { n: 2, target: 'firestore', operation: 'Commit', reads: 0, writes: 3, at: '2026-12-01T00:00:00.000Z' },
    ])
    expect(subject.calls(1).map(({ n }) => n)).toEqual([2])
    expect(subject.calls(2)).toEqual([])
    expect(subject.lastCall).toBe(2)
  })

  test('strikes before the work, so that nothing happened, or after it, so that only the answer is lost', async () => {
    expect(await effectOf(fault)).toMatchObject({ worked: 0, loss: ['drop', undefined] })
    expect(await effectOf({ ...fault, when: 'after' })).toMatchObject({ worked: 1, loss: ['drop', undefined] })
    expect(await effectOf({ ...fault, effect: 'error', status: 429 })).toMatchObject({ worked: 0, loss: ['error', 429] })
    expect(await effectOf({ ...fault, effect: 'hang', when: 'after' })).toMatchObject({ worked: 1, loss: ['hang', undefined] })
    expect(await effectOf({ ...fault, effect: 'duplicate' })).toMatchObject({ worked: 2, loss: undefined })
    expect(await effectOf({ ...fault, effect: 'delay', delayMs: 1 })).toMatchObject({ worked: 1, loss: undefined })
  })

  test('kills exactly the instance that made the call', async () => {
    expect(await effectOf({ ...fault, effect: 'kill', when: 'after' })).toEqual({
      worked: 1,
      loss: ['drop', undefined],
      killed: ['instance-1'],
    })
  })

  test('lets calls through first, then strikes as often as told', async () => {
    const { wire: subject } = wire()
    subject.addFault({ ...fault, skip: 1, times: 2 })
    const struck: boolean[] = []
    for (let n = 0; n < 5; n += 1) struck.push(await subject.pass(call(), () => false).catch(() => true))
    expect(struck).toEqual([false, true, true, false, false])
    expect(subject.faults()).toMatchObject([{ target: 'stripe', struck: 2 }])
    expect(subject.calls().map(({ fault: by }) => by)).toEqual([undefined, 'before drop', 'before drop', undefined, undefined])
  })
})

describe('refuses', () => {
  test.each([
    ['another target', { ...fault, target: 'square' }],
    ['another operation', { ...fault, operation: 'payment_intents' }],
    ['part of a full name', { ...fault, operation: 'POST /v1/refund' }],
    ['another text', { ...fault, match: 'amount=200' }],
    ['another instance', { ...fault, instance: 'instance-2' }],
  ] as const)('does not strike a call of %s', async (_what, other) => {
    expect(await effectOf(other)).toMatchObject({ worked: 1, loss: undefined })
  })

  test('strikes no more once the faults are cleared', async () => {
    const { wire: subject } = wire()
    subject.addFault(fault)
    subject.clearFaults()
    expect(await subject.pass(call(), () => 'answer')).toBe('answer')
  })
})

describe('survives', () => {
  test('counts a call that failed', async () => {
    const { wire: subject } = wire()
    await expect(subject.pass(call(), () => Promise.reject(new Error('own failure')))).rejects.toThrow('own failure')
    expect(subject.calls()).toHaveLength(1)
  })

  test('shows a loss on HTTP as a reset socket, an error as its status, and knows the caller by its port', async () => {
    const { wire: subject } = wire()
    const ports = new HttpPorts(subject)
    const service: HttpService = {
      target: 'stripe',
      operation: (method, path) => `${method} ${path}`,
      handle: ({ instance }) => ({ status: 200, body: { instance } }),
    }
    const port = await ports.open(service, 'instance-2')
    const url = `http://127.0.0.1:${port}/v1/refunds`
    subject.addFault(fault)
    subject.addFault({ ...fault, effect: 'error', status: 503, skip: 0 })
    await expect(fetch(url)).rejects.toThrow('fetch failed')
    expect((await fetch(url)).status).toBe(503)
    expect(await (await fetch(url, { headers: { 'x-local-function': 'check-out' } })).json()).toEqual({ instance: 'instance-2' })
    expect(subject.calls(2)).toMatchObject([{ instance: 'instance-2', function: 'check-out', operation: 'GET /v1/refunds' }])
    await ports.close()
    const free = createServer().listen(port, '127.0.0.1')
    await new Promise((resolve) => free.once('listening', resolve))
    free.close()
  })
})
