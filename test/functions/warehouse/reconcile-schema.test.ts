/** A warehouse that is not as it is declared is noticed, and left as it is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'
import { remakeTable, tableNamed, warehouseOf } from './warehouse.ts'

const JOB = 'reconcile-schema'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

const alert = (): Json | undefined => shop.documents('alerts').find(({ data }) => data['key'] === 'warehouse/schema')?.data

describe('does', () => {
  test('say nothing of what is as it is declared', async () => {
    expect(await shop.tally(JOB)).toMatchObject({ failed: 0 })
    await shop.cloud.drain()
    expect(alert()).toBeUndefined()
  })

  test('call staff with each difference, once, change nothing, and say when it is mended', async () => {
    const { columns } = tableNamed('audit.seals_log')
    await remakeTable(shop, 'audit.seals_log', { columns: columns.filter(({ name }) => name !== 'root') })
    await warehouseOf(shop).dataset('commerce').table('all_payments').delete()
    expect(await shop.tally(JOB)).toMatchObject({ failed: 2 })
    expect(await shop.tally(JOB)).toMatchObject({ failed: 2 })
    await shop.cloud.drain()
    const summary = 'BigQuery is not as it is declared: audit.seals_log: has no column root; view commerce.all_payments is missing.'
    expect(alert()).toMatchObject({ severity: 'p1', status: 'open', summary, details: { differences: 2 } })
    expect((await warehouseOf(shop).dataset('commerce').table('all_payments').exists())[0]).toBe(false)
  })
})
