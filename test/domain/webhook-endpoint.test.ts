/** An endpoint that is well, left alone, switched off. */
import { describe, expect, test } from 'vitest'
import {
  BOTH_SECRETS_MS, changedEndpoint, failedEndpoint, isResting, newEndpoint, rotatedEndpoint, validGenerations, wellAgain, type WebhookEndpoint,
} from '#domain/webhook-endpoint.ts'

const DAYS_3 = 3 * 86_400_000
const FAILURE = { reason: 'answered 500', isGone: false, disableAfterMs: DAYS_3 }
const { endpoint: well } = newEndpoint({ id: 'whe_1', url: 'https://erp.example.com/x?token=1', eventTypes: [], requestHash: 'h' }, 0)

const failedAt = (endpoint: WebhookEndpoint, nowMs: number): WebhookEndpoint => failedEndpoint(endpoint, FAILURE, nowMs)?.endpoint ?? endpoint

describe('does', () => {
  test('be left alone after five failures in a row, longer each time, and be well when it answers', () => {
    let endpoint = well
    for (let failure = 0; failure < 4; failure += 1) endpoint = failedAt(endpoint, failure)
    expect(isResting(endpoint, 4)).toBe(false)
    const rests: number[] = []
    for (let nowMs = 4, rest = 0; rest < 5; rest += 1, nowMs = endpoint.restUntilMs ?? 0) {
      endpoint = failedAt(endpoint, nowMs)
      rests.push(((endpoint.restUntilMs ?? 0) - nowMs) / 60_000)
    }
    expect(rests).toEqual([1, 5, 15, 30, 30])
    expect(wellAgain(endpoint)).toEqual(well)
    expect(wellAgain(well)).toBeUndefined()
  })

  test('be switched off after days, or at once when it is gone, each with an audit event that keeps its address', () => {
    const endpoint = failedAt(well, 0)
    expect(failedEndpoint(endpoint, FAILURE, DAYS_3 - 1)?.endpoint.active).toBe(true)
    const off = failedEndpoint(endpoint, FAILURE, DAYS_3)
    expect([off?.endpoint.active, off?.row?.json['what']]).toEqual([false, 'webhook_endpoint.disabled'])
    expect(JSON.stringify(off?.row)).not.toContain('token=1')
    expect(failedEndpoint(well, { ...FAILURE, isGone: true }, 1)?.endpoint.active).toBe(false)
    expect(changedEndpoint(off?.endpoint ?? well, { active: true }, DAYS_3)?.endpoint).toMatchObject({ active: true, disabledReason: null, failures: 0, failingSinceMs: null })
  })

  test('have two secrets for a day after a rotation, and one otherwise', () => {
    const rotated = rotatedEndpoint(well, 'r1', 10)?.endpoint ?? well
    expect([validGenerations(well, 0), validGenerations(rotated, 11), validGenerations(rotated, 10 + BOTH_SECRETS_MS)]).toEqual([[1], [2, 1], [2]])
  })
})

describe('refuses', () => {
  test('to count what was sent before it was left alone, or what fails once it is off', () => {
    let endpoint = well
    for (let failure = 0; failure < 5; failure += 1) endpoint = failedAt(endpoint, 0)
    expect(failedEndpoint(endpoint, FAILURE, 1)).toBeUndefined()
    expect(failedEndpoint({ ...well, active: false }, FAILURE, 1)).toBeUndefined()
  })

  test('a rotation that was made already, and a change of nothing', () => {
    const rotated = rotatedEndpoint(well, 'r1', 10)?.endpoint ?? well
    expect([rotatedEndpoint(rotated, 'r1', 20), changedEndpoint(well, { active: true, eventTypes: [] }, 1)]).toEqual([undefined, undefined])
  })
})
