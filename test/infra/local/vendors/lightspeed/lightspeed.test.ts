/** Lightspeed as the contract has it: its tokens, its lists and their oddities, its bucket. */
import { describe, expect, test } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Disk } from '../../../../../infra/local/disk.ts'
import { API_KEY, CONSENT, ground, type Answer, type Ground } from './at-lightspeed.ts'

const BEARER = (token: string): string => `Bearer ${token}`
const SALES = 'Sale.json?sort=timeStamp&load_relations=%5B%22SaleLines%22%5D'

/** Follows `next` to the end and answers every record. */
async function all(shop: Ground, path: string, resource: string): Promise<Array<Record<string, any>>> {
  const records: Array<Record<string, any>> = []
  for (let next: string | undefined = path; next !== undefined; ) {
    const { body } = await shop.get(next)
    const found = body[resource]
    records.push(...(found === undefined ? [] : Array.isArray(found) ? found : [found]))
    const said = String(body['@attributes'].next)
    next = said === '' ? undefined : said.slice(said.indexOf(`${resource}.json`))
  }
  return records
}

const LINE = { itemID: '3', unitQuantity: '2', unitPrice: '0', tax: 'false' }
const SOLD = { referenceNumber: 'ours-1', referenceNumberSource: 'us', shopID: '1', registerID: '1', employeeID: '1', completed: 'true', SaleLines: { SaleLine: LINE } }

describe('does', () => {
  test('give a new pair for a refresh token, which stays good until the new access token is used', async () => {
    const shop = await ground()
    const one = await shop.refresh(CONSENT)
    const two = await shop.refresh(CONSENT)
    expect([one.status, two.status, one.body['expires_in']]).toEqual([200, 200, 1800])
    expect((await shop.get('Sale.json', BEARER(two.body['access_token']))).status).toBe(200)
    expect((await shop.refresh(CONSENT)).body).toMatchObject({ error: 'invalid_grant' })
    expect((await shop.refresh(one.body['refresh_token'])).status).toBe(400)
    expect((await shop.get('Sale.json', BEARER(one.body['access_token']))).body).toMatchObject({ error: 'access_denied' })
    expect((await shop.refresh(two.body['refresh_token'])).status).toBe(200)
  })

  test('end an access token after half an hour, and a refresh token that was not used for 30 days', async () => {
    const shop = await ground()
    const { body } = await shop.refresh(CONSENT)
    expect((await shop.get('Sale.json', BEARER(body['access_token']))).status).toBe(200)
    await shop.timeline.jumpTo(shop.timeline.now() + 1_801_000)
    expect((await shop.get('Sale.json', BEARER(body['access_token']))).status).toBe(401)
    await shop.timeline.jumpTo(shop.timeline.now() + 31 * 86_400_000)
    expect((await shop.refresh(body['refresh_token'])).body).toMatchObject({ hint: 'Token has expired' })
  })

  test('let the old key in, with its one password', async () => {
    const shop = await ground()
    expect((await shop.get('Item.json')).status).toBe(200)
    const wrong = `Basic ${Buffer.from(`${API_KEY}:secret`).toString('base64')}`
    expect((await shop.get('Item.json', wrong)).status).toBe(401)
  })

  test('list by pages that only `next` leads through, with every value as text', async () => {
    const shop = await ground()
    await shop.act('bucket', { size: 10_000, burst: 10_000 })
    await shop.act('past', { sales: 250, days: 30 })
    const { body } = await shop.get(`${SALES}&limit=100`)
    expect(body['Sale']).toHaveLength(100)
    expect(body['@attributes'].next).toMatch(/^https:\/\/api\.lightspeedapp\.com\/API\/V3\/Account\/182255\/Sale\.json\?.*after=/)
    const sales = await all(shop, `${SALES}&limit=100`, 'Sale')
    expect(sales).toHaveLength(258)
    expect(new Set(sales.map(({ saleID }) => saleID)).size).toBe(258)
    const moments = sales.map(({ timeStamp }) => timeStamp)
    expect(moments).toEqual([...moments].sort())
    expect(typeof sales[0]?.['calcTotal']).toBe('string')
    expect(sales[0]?.['timeStamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
  })

  test('give one record alone, several in a list, none not at all', async () => {
    const shop = await ground()
    const { sale } = await shop.act('sales', { lines: [{ itemID: '3', quantity: 1 }] })
    const one = await shop.get(`Sale.json?saleID=${sale.saleID}&load_relations=%5B%22SaleLines%22%5D`)
    expect(one.body['Sale'].saleID).toBe(sale.saleID)
    expect(one.body['Sale'].SaleLines.SaleLine.itemID).toBe('3')
    expect((await shop.get('Sale.json?saleID=999999')).body).toEqual({ '@attributes': { next: '', previous: '' } })
    expect((await shop.get('Sale.json?count=1')).body).toEqual({ '@attributes': { count: '9' } })
  })

  test('answer what changed within two moments, both included', async () => {
    const shop = await ground()
    await shop.timeline.jumpTo(shop.timeline.now() + 3_600_000)
    const { sale } = await shop.act('sales')
    const at = encodeURIComponent(`><,${sale.timeStamp},${sale.timeStamp}`)
    expect((await shop.get(`Sale.json?timeStamp=${at}`)).body['Sale'].saleID).toBe(sale.saleID)
  })

  test('count stock by shop, with a row of all shops together, and move no item by it', async () => {
    const shop = await ground()
    const before = (await shop.get('Item/3.json')).body['Item'].timeStamp
    await shop.timeline.jumpTo(shop.timeline.now() + 60_000)
    await shop.act('sales', { lines: [{ itemID: '3', quantity: 4 }], shopID: '2' })
    const { body } = await shop.get('ItemShop.json?itemID=3')
    const stock = Object.fromEntries(body['ItemShop'].map((one: Record<string, string>) => [one['shopID'], one['qoh']]))
    expect(stock).toEqual({ '1': '16', '2': '12', '0': '28' })
    expect((await shop.get('Item/3.json')).body['Item'].timeStamp).toBe(before)
  })

  test('leave archived items out unless they are asked for; a deleted one is archived without stock', async () => {
    const shop = await ground()
    await shop.act('items/3', { delete: true })
    const ids = async (query: string): Promise<string[]> => (await all(shop, `Item.json${query}`, 'Item')).map(({ itemID }) => itemID)
    expect(await ids('')).not.toContain('3')
    expect(await ids('?archived=true')).toContain('3')
    expect(await ids('?archived=only')).toEqual(['3'])
    expect((await shop.get('ItemShop.json?itemID=3&shopID=0')).body['ItemShop'].qoh).toBe('0')
  })

  test('say with every answer how full the bucket is, and refuse when it has run over until it has drained', async () => {
    const shop = await ground()
    await shop.act('bucket', { size: 3, burst: 100 })
    const levels = [await shop.get('Item.json'), await shop.get('Item.json'), await shop.get(`${SALES}`)]
    expect(levels.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(levels[2]?.headers.get('x-ls-api-request-cost')).toBe('1.4')
    const over = await shop.get('Item.json')
    expect(over.status).toBe(429)
    expect([over.headers.get('x-ls-api-ratelimit-type'), over.headers.get('retry-after')]).toEqual(['api-leaky-bucket', '1'])
    await shop.timeline.jumpTo(shop.timeline.now() + 2_000)
    expect((await shop.get('Item.json')).status).toBe(200)
  })

  test('ring up a sale from outside: it takes units off the shelf, puts back those below nought, and is found by its reference', async () => {
    const shop = await ground()
    const qoh = async (): Promise<number> => Number((await shop.get('ItemShop.json?itemID=3&shopID=1')).body['ItemShop'].qoh)
    const before = await qoh()
    const rung = await shop.post('Sale.json', SOLD)
    expect([rung.status, rung.headers.get('x-ls-api-request-cost')]).toEqual([200, '5.5'])
    expect(rung.body['Sale']).toMatchObject({ completed: 'true', referenceNumber: 'ours-1', referenceNumberSource: 'us', calcTotal: '0', registerID: '1' })
    expect(await qoh()).toBe(before - 2)
    const found = (await shop.get('Sale.json?referenceNumber=ours-1&load_relations=%5B%22SaleLines%22%5D')).body['Sale']
    expect(found).toMatchObject({ saleID: rung.body['Sale'].saleID, SaleLines: { SaleLine: { itemID: '3', unitQuantity: '2' } } })
    await shop.post('Sale.json', { ...SOLD, referenceNumber: 'ours-2', SaleLines: { SaleLine: [{ ...LINE, unitQuantity: '-2' }] } })
    expect(await qoh()).toBe(before)
  })

  test('complete a sale that is paid to the last cent', async () => {
    const shop = await ground()
    const paid = { SaleLines: { SaleLine: { ...LINE, unitPrice: '3' } }, SalePayments: { SalePayment: { amount: '6', paymentTypeID: '1' } } }
    expect((await shop.post('Sale.json', { ...SOLD, ...paid })).body['Sale']).toMatchObject({ calcTotal: '6', calcPayments: '6' })
  })

  test('take the same request twice for two sales: it knows none again', async () => {
    const shop = await ground()
    await shop.post('Sale.json', SOLD)
    await shop.post('Sale.json', SOLD)
    expect((await all(shop, 'Sale.json?referenceNumber=ours-1', 'Sale')).length).toBe(2)
  })

  test('leave the shelf alone until a sale is completed', async () => {
    const shop = await ground()
    const qoh = async (): Promise<string> => (await shop.get('ItemShop.json?itemID=3&shopID=1')).body['ItemShop'].qoh
    const before = await qoh()
    const open = await shop.post('Sale.json', { ...SOLD, completed: 'false' })
    expect([open.headers.get('x-ls-api-request-cost'), open.body['Sale'].completed, await qoh()]).toEqual(['2.5', 'false', before])
    const complete = (): Promise<Answer> => shop.put(`Sale/${open.body['Sale'].saleID}.json`, { completed: 'true' })
    for (let time = 0; time < 2; time++) expect((await complete()).body['Sale']).toMatchObject({ completed: 'true', completeTime: expect.any(String) })
    expect(await qoh()).toBe(String(Number(before) - 2))
    expect((await complete()).headers.get('x-ls-api-request-cost')).toBe('5')
  })
})

describe('refuses', () => {
  test.each([
    ['of an item that it does not have', { SaleLines: { SaleLine: { ...LINE, itemID: '999' } } }],
    ['of no units', { SaleLines: { SaleLine: { ...LINE, unitQuantity: '0' } } }],
    ['without lines', { SaleLines: undefined }],
    ['at no register', { registerID: undefined }],
    ['that is not paid', { SaleLines: { SaleLine: { ...LINE, unitPrice: '3' } } }],
    ['that is paid by half', { SaleLines: { SaleLine: { ...LINE, unitPrice: '3' } }, SalePayments: { SalePayment: { amount: '3', paymentTypeID: '1' } } }],
  ])('to complete a sale %s', async (_, wrong) => {
    const shop = await ground()
    const before = (await all(shop, 'Sale.json', 'Sale')).length
    expect((await shop.post('Sale.json', { ...SOLD, ...wrong })).status).toBe(422)
    expect((await all(shop, 'Sale.json', 'Sale')).length).toBe(before)
  })

  test.each([
    ['limit=101', 'limit must be'], ['sort=total', 'Sortable'], ['offset=10', 'offset'], ['load_relations=SaleLines', 'JSON'], ['load_relations=%5B%22Magic%22%5D', 'Magic'],
    ['timeStamp=%3E%3D%2Csoon', 'soon'], ['count=1&limit=5', 'count'], ['after=bm9uc2Vuc2U%3D', 'after'],
  ])('%s', async (query, word) => {
    const { status, body } = await (await ground()).get(`Sale.json?${query}`)
    expect([status, body['httpCode']]).toEqual([400, '400'])
    expect(body['message']).toContain(word)
  })

  test('a mark that was given before its marks were forgotten', async () => {
    const shop = await ground()
    const next = String((await shop.get(`${SALES}&limit=2`)).body['@attributes'].next)
    await shop.act('cursors')
    expect((await shop.get(next.slice(next.indexOf('Sale.json')))).status).toBe(400)
  })

  test('a wrong secret, a token that it never gave, and another account', async () => {
    const shop = await ground()
    expect((await shop.refresh('def50guess')).body).toMatchObject({ error: 'invalid_grant' })
    expect((await shop.get('Sale.json', 'Bearer eyJguess')).body).toMatchObject({ error: 'access_denied' })
    expect((await shop.get('../9/Sale.json')).status).toBe(403)
  })
})

describe('survives', () => {
  test('a restart: sales, stock and tokens are as they were', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lightspeed-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const disk = new Disk(directory)
    const one = await ground(disk)
    const { sale } = await one.act('sales')
    const { body } = await one.refresh(CONSENT)
    const again = await ground(new Disk(directory))
    expect((await again.get(`Sale/${sale.saleID}.json`, BEARER(body['access_token']))).status).toBe(200)
    expect((await again.refresh(CONSENT)).status).toBe(400)
    disk.close()
  })

  test('trouble of its own, which passes', async () => {
    const shop = await ground()
    await shop.act('trouble', { status: 502, times: 2 })
    expect([(await shop.get('Item.json')).status, (await shop.get('Item.json')).status, (await shop.get('Item.json')).status]).toEqual([502, 502, 200])
  })
})
