/** Deadlines: an answer in time is the answer; silence becomes a failure that says nothing of the inside. */
import { describe, expect, test } from 'vitest'
import { jitter, pause, within } from '#platform/deadline.ts'
import { Failure } from '#values/failure.ts'

const silence = new Promise<never>(() => undefined)

describe('does', () => {
  test('gives the result of work that ends in time', async () => {
    expect(await within(60_000, 'reading', Promise.resolve(7))).toBe(7)
  })

  test('gives the work\'s own failure', async () => {
    await expect(within(60_000, 'reading', Promise.reject(new Error('its own')))).rejects.toThrow('its own')
  })

  test.each([
    [undefined, 'SERVICE_UNAVAILABLE'], ['GATEWAY_TIMEOUT', 'GATEWAY_TIMEOUT'],
  ] as const)('turns silence into %s -> %s, the reason for the log only', async (code, expected) => {
    const failure = await within(
      1, 'reading orders', silence, ...(code === undefined ? [] : [code]),
    ).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Failure)
    expect(failure).toMatchObject({ code: expected, reason: 'reading orders: no answer within 1 ms' })
    expect((failure as Failure).message).not.toContain('reading orders')
  })

  test('waits between 5 and 255 ms, longer with each try, not the same for everybody', () => {
    const waits = (attempt: number): number[] => Array.from({ length: 300 }, () => jitter(attempt))
    for (let attempt = 0; attempt < 40; attempt++) {
      const most = 5 + Math.min(250, 10 * 2 ** attempt)
      for (const wait of waits(attempt)) {
        expect(wait).toBeGreaterThanOrEqual(5)
        expect(wait).toBeLessThanOrEqual(most)
      }
    }
    expect(new Set(waits(3)).size).toBeGreaterThan(250)
    expect(Math.max(...waits(5))).toBeGreaterThan(Math.max(...waits(0)))
  })

  test('a pause lets others go on', async () => {
    const order: string[] = []
    await Promise.all([pause(1).then(() => order.push('after')), Promise.resolve().then(() => order.push('meanwhile'))])
    expect(order).toEqual(['meanwhile', 'after'])
  })
})

describe('survives', () => {
  test('work that fails after its deadline: nobody is left to be told, and nothing crashes', async () => {
    const { promise, reject } = Promise.withResolvers<never>()
    await expect(within(1, 'reading', promise)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    reject(new Error('late'))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})
