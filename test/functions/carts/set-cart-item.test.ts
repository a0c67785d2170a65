/** Filling a cart: quantities are set, prices are locked, totals are exact. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

const MINUTE_MS = 60_000

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ environment: { TAX_RATES: '[{"state":"TX","category":"Edibles","percent":"0"},{"state":"TX","category":"*","percent":"8.25"}]' } })
})
afterAll(() => shop.cloud.stop())

async function opened(who: Person): Promise<string> {
  return (await who.post('/api/carts')).body['cart'].id
}

function set(who: Person, cartId: string, productId: string, quantity: unknown): Promise<Answer> {
  return who.call('PUT', `/api/carts/${cartId}/items`, { productId, quantity })
}

const lineOf = (answer: Answer, productId: string): Json => answer.body['cart'].lines.find((line: Json) => line['productId'] === productId)

describe('does', () => {
  test('set a quantity, never add to it', async () => {
    const guest = shop.guest()
    const cart = await opened(guest)
    await set(guest, cart, 'VARTOTE1', 2)
    await set(guest, cart, 'VARTOTE1', 3)
    const answer = await set(guest, cart, 'VARTOTE1', 3)
    expect(answer.status).toBe(200)
    expect(answer.body['cart'].lines).toEqual([
      { productId: 'VARTOTE1', name: expect.stringContaining('Market Tote'), quantity: 3, unitPrice: 24, lockedUntil: expect.any(String), lineTotal: 72 },
    ])
  })

  test('add up subtotal, tax by category and total to the cent', async () => {
    const guest = shop.guest()
    const cart = await opened(guest)
    await set(guest, cart, 'VARGROWBOOK1', 3)
    await set(guest, cart, 'VARBERRYGUMMIES10', 1)
    const { body } = await set(guest, cart, 'VARSELTZER1', 5)
    // 3 x 21.95 is taxed; gummies and seltzer are not: 8.25 % of 65.85 is 5.432625.
    expect(body['cart']).toMatchObject({ subtotal: 122.35, discount: 0, tax: 5.43, total: 127.78 })
  })

  test('remove a line with quantity 0, also one that is not there', async () => {
    const guest = shop.guest()
    const cart = await opened(guest)
    await set(guest, cart, 'VARTOTE1', 1)
    expect((await set(guest, cart, 'VARTOTE1', 0)).body['cart']).toMatchObject({ lines: [], total: 0 })
    expect((await set(guest, cart, 'VARTOTE1', 0)).status).toBe(200)
  })

  test('move the version with every change', async () => {
    const guest = shop.guest()
    const cart = await opened(guest)
    const versions = []
    for (const quantity of [1, 2, 0]) versions.push((await set(guest, cart, 'VARTOTE1', quantity)).body['cart'].version)
    expect(versions).toEqual([1, 2, 3])
  })

  test('take every line that eight people at two instances put in at once', async () => {
    const guest = shop.guest()
    const cart = await opened(guest)
    const wanted = ['VARTOTE1', 'VARCAPNAT', 'VARCAPOLV', 'VARLIPBALM1', 'VARHEARTS250', 'VARBATHSALT1', 'VARPETDROPSS', 'VARSELTZER4']
    const answers = await Promise.all(wanted.map((productId) => set(guest, cart, productId, 1)))
    expect(answers.map(({ status }) => status)).toEqual(wanted.map(() => 200))
    const { body } = await guest.get(`/api/carts/${cart}`)
    expect(body['cart'].lines.map((line: Json) => line['productId']).sort()).toEqual([...wanted].sort())
    expect(body['cart'].version).toBe(wanted.length)
  })
})

/** The clock and Square's prices are everybody's, so these run one after the other. */
describe('does, as time goes by,', () => {
  test('lock the price for 30 minutes, whatever the shelf says meanwhile, and lock it anew after that', async () => {
    const guest = shop.guest()
    const cart = await opened(guest)
    const first = await set(guest, cart, 'VARMUSCLEROLL1', 1)
    const lockedUntil = Date.parse(lineOf(first, 'VARMUSCLEROLL1')['lockedUntil'])
    expect(Math.abs(lockedUntil - shop.cloud.now() - 30 * MINUTE_MS)).toBeLessThan(10_000)
    await shop.act('square', 'catalog/VARMUSCLEROLL1/price', { amount: 3300 })
    await shop.tally('sync-square-catalogue')
    await shop.cloud.jumpTo(lockedUntil - 5_000)
    const during = lineOf(await set(guest, cart, 'VARMUSCLEROLL1', 2), 'VARMUSCLEROLL1')
    expect(during).toMatchObject({ unitPrice: 29.5, quantity: 2, lockedUntil: new Date(lockedUntil).toISOString() })
    await shop.cloud.jumpTo(lockedUntil)
    const after = lineOf(await set(guest, cart, 'VARMUSCLEROLL1', 3), 'VARMUSCLEROLL1')
    expect(after).toMatchObject({ unitPrice: 33, quantity: 3 })
    expect(Math.abs(Date.parse(after['lockedUntil']) - lockedUntil - 30 * MINUTE_MS)).toBeLessThan(10_000)
  })

  test('lock each line by itself', async () => {
    const guest = shop.guest()
    const cart = await opened(guest)
    await set(guest, cart, 'VARCALMBALM30', 1)
    await shop.cloud.advance(20 * MINUTE_MS)
    const answer = await set(guest, cart, 'VARCALMBALM60', 1)
    const [one, other] = ['VARCALMBALM30', 'VARCALMBALM60'].map((id) => Date.parse(lineOf(answer, id)['lockedUntil']))
    expect((other ?? 0) - (one ?? 0)).toBeGreaterThanOrEqual(20 * MINUTE_MS)
  })

  test('let a product that is gone be taken out of a cart', async () => {
    const guest = shop.guest()
    const cart = await opened(guest)
    await set(guest, cart, 'VARTEESHIRTS', 1)
    await shop.act('square', 'catalog/VARTEESHIRTS', { delete: true })
    await shop.tally('sync-square-catalogue')
    expect(await set(guest, cart, 'VARTEESHIRTS', 2)).toMatchObject({ status: 404, body: { error: 'Product unavailable' } })
    expect((await set(guest, cart, 'VARTEESHIRTS', 0)).body['cart'].lines).toEqual([])
  })
})

describe('refuses', () => {
  test('more than there is, naming how many there are', async () => {
    const guest = shop.guest()
    const { status, body } = await set(guest, await opened(guest), 'VARBLUEDAWN28G', 5)
    expect({ status, code: body['code'] }).toEqual({ status: 409, code: 'OUT_OF_STOCK' })
    expect(body['error']).toMatch(/^Insufficient inventory for Blue Dawn Flower, .*\. Only 4 available\.$/)
    expect(body['details'].lines).toEqual([{ productId: 'VARBLUEDAWN28G', requested: 5, available: 4 }])
  })

  test.each([
    ['never-heard-of', 404], ['VAROLDTINCTURE1', 404], ['VARGIFTCARDANY', 404], ['VARSELTZER12', 409],
  ])('to put in %s, which cannot be bought', async (productId, status) => {
    const guest = shop.guest()
    const cart = await opened(guest)
    expect((await set(guest, cart, productId, 1)).status).toBe(status)
    expect((await guest.get(`/api/carts/${cart}`)).body['cart']).toMatchObject({ lines: [], version: 0 })
  })

  test.each([-1, 1.5, 1000, '2', null, undefined])('a quantity of %j: 400 that names it', async (quantity) => {
    const guest = shop.guest()
    const { status, body } = await set(guest, await opened(guest), 'VARTOTE1', quantity)
    expect({ status, field: body['details'].fields[0].field }).toEqual({ status: 400, field: 'quantity' })
  })

  test('unknown fields, such as a price of the caller\'s own', async () => {
    const guest = shop.guest()
    const body = { productId: 'VARTOTE1', quantity: 1, price: 0.01 }
    expect(await guest.call('PUT', `/api/carts/${await opened(guest)}/items`, body)).toMatchObject({
      status: 400,
      body: { details: { fields: [{ field: 'price', rule: 'is not known here' }] } },
    })
  })

  test('another customer\'s cart, and a cart that is not there, alike', async () => {
    const [one, other] = [await shop.person(), await shop.person()]
    const cart = await opened(one)
    const strange = await set(other, cart, 'VARTOTE1', 1)
    const missing = await set(other, 'cart_00000000000000000000000000', 'VARTOTE1', 1)
    expect([strange.status, missing.status]).toEqual([404, 404])
    expect(strange.body['error']).toBe(missing.body['error'])
    expect((await set(shop.guest(), cart, 'VARTOTE1', 1)).status).toBe(404)
    expect((await one.get(`/api/carts/${cart}`)).body['cart'].lines).toEqual([])
  })

  test('the 51st line', async () => {
    const guest = shop.guest()
    const cart = await opened(guest)
    const products = shop.documents('products').filter(({ data }) => data['listed'] && data['price'] !== null)
    const sellable = products.filter(({ data }) => !data['counted'] || data['onHand'] - data['held'] > 0)
    const [template, last] = sellable.slice(-2)
    const extra = Array.from({ length: 51 - sellable.length }, (_, index) => ({
      path: `products/EXTRA${index}`, data: { ...template?.data, id: `EXTRA${index}` },
    }))
    await shop.cloud.servers.firestore.write(extra)
    const all = [...sellable.map(({ id }) => id), ...extra.map(({ data }) => String(data['id']))].filter((id) => id !== last?.id).slice(0, 50)
    // All but the last two lie there as they would have been put in.
    const [first, ...rest] = all
    await set(guest, cart, first ?? '', 1)
    const kept = shop.document('carts', cart) as Json
    const lines = [first, ...rest.slice(0, 47)].map((productId) => ({ ...kept['lines'][0], productId }))
    await shop.cloud.servers.firestore.write([{ path: `carts/${cart}`, data: { ...kept, lines } }])
    for (const productId of all.slice(-2)) expect((await set(guest, cart, productId, 1)).status).toBe(200)
    expect(await set(guest, cart, last?.id ?? '', 1)).toMatchObject({ status: 400, body: { error: expect.stringContaining('at most 50 lines') } })
  })

  test('a cart that an order holds: 409 with the order\'s id', async () => {
    const customer = await shop.person()
    const cart = (await customer.fill({ productId: 'VARTOTE1', quantity: 1 }))['id']
    const paid = await customer.pay(cart)
    expect(await set(customer, cart, 'VARTOTE1', 2)).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', details: { orderId: paid.body['orderId'], cartId: cart } },
    })
  })
})

describe('survives', () => {
  test.each(['before', 'after'] as const)('its instance being killed %s the commit: asked again, the cart is right', async (when) => {
    const guest = shop.guest()
    const cart = await opened(guest)
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/carts/${cart}`, when, effect: 'kill' })
    expect((await set(guest, cart, 'VARTOTE1', 2)).status).toBe(503)
    await shop.cloud.instances.allReady()
    expect((await set(guest, cart, 'VARTOTE1', 2)).body['cart'].lines).toMatchObject([{ productId: 'VARTOTE1', quantity: 2 }])
  })

  test('a commit whose answer is lost', async () => {
    const guest = shop.guest()
    const cart = await opened(guest)
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/carts/${cart}`, when: 'after', effect: 'error', status: 10 })
    expect((await set(guest, cart, 'VARTOTE1', 2)).body['cart'].lines).toMatchObject([{ productId: 'VARTOTE1', quantity: 2 }])
    shop.calm()
  })
})
