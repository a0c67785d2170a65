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
  test('find nothing, then name what differs, mend it, and find nothing again', async () => {
    const url = ['--url', shop.cloud.url]
    expect(await run('check', ...url)).toMatchObject({ code: 0, out: 'The warehouse is as it is declared.\n' })
    const { columns } = tableNamed('audit.seals_log')
    await remakeTable(shop, 'audit.seals_log', { columns: columns.filter(({ name }) => name !== 'root').map((column) => (column.name === 'key_id' ? { name: 'key', type: 'STRING' } : column)) })
    const found = await run('check', ...url)
    expect(found.code).toBe(1)
    expect(found.out.split('\n').slice(0, 3).sort()).toEqual([
      'REFUSED: audit.seals_log: has a column key that is not declared', 'column missing: audit.seals_log: has no column key_id', 'column missing: audit.seals_log: has no column root',
    ])
    const mended = await run('apply', ...url)
    expect([mended.code, mended.out]).toEqual([1, expect.stringContaining('2 mended, 1 refused.')])
    await remakeTable(shop, 'audit.seals_log')
    expect((await run('check', ...url)).code).toBe(0)
  })
})

describe('refuses', () => {
  test('to guess what is wanted, and where', async () => {
    expect(await run()).toMatchObject({ code: 1, err: expect.stringContaining('Say what to do') })
    expect(await run('mend')).toMatchObject({ code: 1, err: expect.stringContaining('npm run warehouse -- check|apply') })
    expect(await run('check')).toMatchObject({ code: 1, err: expect.stringContaining('GCP_PROJECT_ID') })
    expect(await run('check', '--url', 'http://127.0.0.1:1')).toMatchObject({ code: 1, err: expect.stringContaining('No local cloud answers') })
  })
})
