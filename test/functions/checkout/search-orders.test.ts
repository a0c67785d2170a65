/** Finding orders: by what a customer says on the phone, alone or together, page by page, and only for staff. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ruleOf } from '../promotion.ts'
import { checkOut, openGround, PRODUCT } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

let shop: Shop
let viewer: Person
/** Ids of the orders, the newest first; amounts 100, 50 (declined), 50 by KAJA, 50. */
let ids: string[]
let numbers: string[]
let days: string[]

const dayOf = (): string => new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Chicago', year: 'numeric', month: '2-digit', day: '2-digit' }).format(shop.cloud.now())

beforeAll(async () => {
  const ground = await openGround()
  shop = ground.shop
  const [jo, ann] = [shop.guest(), shop.guest()]
  const bought: Array<[Person, Json]> = [
    [jo, { email: 'Jo.Doe+shop@gmail.com' }],
    [ann, { email: 'ann@example.com', paymentMethod: { gateway: 'kaja', token: 'tok_visa_test' } }],
    [jo, { email: 'jodoe@googlemail.com', paymentMethod: { token: 'pm_card_visa_chargeDeclined' } }],
    [ann, { email: 'ann@example.com', cart: [{ productId: PRODUCT, quantity: 2 }] }],
  ]
  ids = []
  days = []
  for (const [who, more] of bought) {
    const { body } = await checkOut(who, { cart: [{ productId: PRODUCT, quantity: 1 }], ...more })
    ids.unshift(body['orderId'] ?? body['details'].orderId)
    days.unshift(dayOf())
    await shop.cloud.advance(86_400_000)
  }
  viewer = await shop.person('viewer')
  numbers = ids.map((id) => shop.document('orders', id)?.['number'] as string)
}, 60_000)
afterAll(() => shop.cloud.stop())

function search(query: Record<string, string>, who: Person = viewer): Promise<Answer> {
  return who.get(`/api/admin/orders?${new URLSearchParams(query)}`)
}

async function found(query: Record<string, string>): Promise<number[]> {
  const { status, body, text } = await search(query)
  if (status !== 200) throw new Error(text)
  return body['orders'].map(({ id }: Json) => ids.indexOf(id))
}

describe('does', () => {
  test('find an order by its number, however it is typed, and by its beginning', async () => {
    const number = numbers[1] as string
    for (const typed of [number, number.replaceAll('-', ''), number.toLowerCase(), number.slice(0, 9), number.replaceAll('0', 'o').replaceAll('1', 'l')]) {
      expect(await found({ number: typed })).toEqual([1])
    }
  })

  test.each<[string, Record<string, string>, number[]]>([
    ['nothing: all, the newest first', {}, [0, 1, 2, 3]],
    ['an address, however it is written', { email: 'JO.DOE@gmail.com' }, [1, 3]],
    ['an amount', { amount: '50' }, [1, 2, 3]],
    ['an amount with its cents', { amount: '100.00' }, [0]],
    ['a state', { state: 'paid' }, [0, 2, 3]],
    ['a gateway', { gateway: 'kaja' }, [2]],
    ['an address and a state', { email: 'jodoe@gmail.com', state: 'payment_failed' }, [1]],
    ['an amount, a state and a gateway', { amount: '50', state: 'paid', gateway: 'stripe' }, [3]],
    ['all at once', { email: 'ann@example.com', amount: '50', state: 'paid', gateway: 'kaja' }, [2]],
    ['what nobody has', { email: 'nobody@example.com' }, []],
  ])('find orders by %s', async (_what, query, wanted) => {
    expect(await found(query)).toEqual(wanted)
  })

  test('find orders by days as the store counts them, first and last one included, with all else', async () => {
    const [, second, third] = days as [string, string, string]
    expect(await found({ from: third, to: second })).toEqual([1, 2])
    expect(await found({ from: second })).toEqual([0, 1])
    expect(await found({ to: third, amount: '50', email: 'ann@example.com', state: 'paid', gateway: 'kaja' })).toEqual([2])
    expect(await found({ from: '0001-01-01', to: '9999-12-31' })).toEqual([0, 1, 2, 3])
  })

  test('go on where a page ended, with the same question', async () => {
    const pages: number[][] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body } = await search({ amount: '50', limit: '1', ...(cursor === '' ? {} : { cursor }) })
      pages.push(body['orders'].map(({ id }: Json) => ids.indexOf(id)))
      cursor = body['nextCursor']
    }
    expect(pages).toEqual([[1], [2], [3]])
    const { body } = await search({ number: (numbers[0] as string).slice(0, 4), limit: '1' })
    expect(body['nextCursor']).toBeNull()
  })
})

describe('refuses', () => {
  test.each<[string, Record<string, string>]>([
    ['email', { number: 'K7QM-4T9B-2X', email: 'a@b.de' }], ['state', { number: 'K7QM', state: 'paid' }], ['from', { number: 'K7QM', from: '2026-01-01' }],
    ['number', { number: 'K7Q' }], ['number', { number: 'K7QM-4T9B-2XX' }], ['number', { number: 'K7QU' }], ['email', { email: 'ann' }], ['amount', { amount: '1.005' }],
    ['amount', { amount: '-1' }], ['amount', { amount: 'many' }], ['from', { from: 'today' }], ['to', { from: '2026-02-01', to: '2026-01-31' }], ['state', { state: 'lost' }],
    ['gateway', { gateway: 'cash' }], ['limit', { limit: '101' }], ['cursor', { cursor: 'x' }], ['name', { name: 'Jo' }],
  ])('400 that names %s: %j', async (field, query) => {
    expect(ruleOf(await search(query)).slice(0, 2)).toEqual([400, field])
  })

  test('customers, scanners and guests', async () => {
    const people = [await shop.person(), await shop.person('scanner'), shop.guest()]
    expect(await Promise.all(people.map(async (who) => (await search({}, who)).status))).toEqual([403, 403, 401])
  })
})
