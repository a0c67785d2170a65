/** Who is woken when a function fails, and what each kind of function gets. */
import { describe, expect, test } from 'vitest'
import type { Declaration } from '#entry/declaration.ts'
import { failuresMaxOf, objectivesOf, severityOf } from '../../../infra/build/alarms.ts'
import { resourcesOf } from '../../../infra/build/resources.ts'
import { placesOf } from '../../../infra/build/contents.ts'

const of = (kind: Declaration['kind'], name: string, more: object = {}): Declaration => ({ kind, name, impact: 'It is missed.', timeoutSeconds: 60, ...more }) as Declaration

describe('does', () => {
  test.each([
    ['endpoint', 'check-out', 'p0', 0],
    ['webhook', 'receive-acme', 'p0', 0],
    ['message', 'on-stripe-event', 'p0', 0],
    ['schedule', 'reconcile-payments', 'p0', 0],
    ['schedule', 'send-warehouse-rows', 'p0', 0],
    ['endpoint', 'open-cart', 'p1', 4],
    ['schedule', 'sweep-erasures', 'p1', 3],
    ['endpoint', 'list-products', 'p1', 4],
    ['endpoint', 'list-disputes', 'p2', 9],
    ['schedule', 'sweep-carts', 'p2', 3],
  ] as const)('%s %s is %s, told from more than %i', (kind, name, severity, most) => {
    expect([severityOf(of(kind, name)), failuresMaxOf(of(kind, name))]).toEqual([severity, most])
  })

  test('promise what exists, and nothing of what does not', () => {
    const promised = objectivesOf([of('endpoint', 'check-out', { path: '/api/checkout' }), of('message', 'on-mail-queued', { topic: 'mail-queued' })])
    expect(promised.map(({ id, function: name }) => `${id} ${name}`)).toEqual([
      'checkout-paid check-out', 'checkout-fast check-out', 'mail-sent on-mail-queued', 'mail-prompt on-mail-queued',
    ])
  })

  test('give a function what its kind gets, but for what it says itself', () => {
    expect(resourcesOf(of('schedule', 'sweep-carts'))).toMatchObject({ cpu: 0.333, concurrency: 1 })
    expect(resourcesOf(of('endpoint', 'check-out', { resources: { concurrency: 80 } }))).toMatchObject({ cpu: 1, concurrency: 80, instancesMin: 0 })
  })
})

describe('refuses', () => {
  test('a function that is not on the contents page, or another one there', () => {
    expect(() => placesOf([of('endpoint', 'sell-moon')])).toThrow('sell-moon is not the name')
  })
})
