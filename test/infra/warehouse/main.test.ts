/** `npm run warehouse`: says what differs, mends what it may, and its exit code tells whether all is well. */
import { execFile } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remakeTable, tableNamed } from '../../functions/warehouse/warehouse.ts'
import { openShop, type Shop } from '../../functions/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const script = new URL('../../../infra/warehouse/main.ts', import.meta.url).pathname
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args], { env: { PATH: process.env['PATH'] ?? '' } }, (_, out, err) => resolve({ code: child.exitCode ?? 1, out, err }))
  })
}

describe('does', () => {
  test('find nothing; then name what differs and which statements it breaks, mend what it may, and say what is left', async () => {
    const url = ['--url', shop.cloud.url]
    expect(await run('check', ...url)).toMatchObject({ code: 0, out: 'The warehouse is as it is declared, and takes every statement.\n' })
    const { columns } = tableNamed('audit.seals_log')
    await remakeTable(shop, 'audit.seals_log', { columns: columns.filter(({ name }) => name !== 'root').map((column) => (column.name === 'key_id' ? { name: 'key', type: 'STRING' } : column)) })
    const { columns: ofOrders } = tableNamed('commerce.orders_log')
    await remakeTable(shop, 'commerce.orders_log', { columns: ofOrders.filter(({ name }) => name !== 'state') })
    const found = await run('check', ...url)
    expect([found.code, found.out.split('\n')]).toEqual([1, expect.arrayContaining([
      'REFUSED: audit.seals_log: has a column key that is not declared', 'column missing: audit.seals_log: has no column key_id', 'column missing: audit.seals_log: has no column root',
      'column missing: commerce.orders_log: has no column state', expect.stringMatching(/^STATEMENT: sales-by-day: Unrecognized name: state/),
    ])])
    const mended = await run('apply', ...url)
    expect([mended.code, mended.out]).toEqual([1, expect.stringContaining('3 mended, 1 refused.')])
  })
})

describe('refuses', () => {
  test('to guess what is wanted, and where', async () => {
    const [nothing, nowhere] = await Promise.all([run('mend'), run('check')])
    expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('npm run warehouse -- check|apply') })
    expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('GCP_PROJECT_ID') })
  })
})
