/** The plan as it is printed: every thing once, counted, and the same whether people or programs read it. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'

const PLAN = fileURLToPath(new URL('../../../infra/google/plan.ts', import.meta.url))

async function plan(...flags: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [PLAN, ...flags], { maxBuffer: 64 * 2 ** 20 })
  return stdout
}

interface Thing {
  readonly address: string
  readonly type: string
  readonly values: { readonly service_config?: ReadonlyArray<Record<string, unknown>> }
}

let text = ''
let things: Thing[] = []

beforeAll(async () => {
  text = await plan()
  things = JSON.parse(await plan('--json')) as Thing[]
}, 60_000)

describe('does', () => {
  test('print every thing on a line of its own, and as many as it says', () => {
    const lines = text.split('\n').filter((line) => line.startsWith('+ ')).map((line) => line.slice(2).split('  ', 1)[0])
    expect(lines.sort()).toEqual(things.map(({ address }) => address).sort())
    expect(new Set(lines).size).toBe(lines.length)
    expect(text).toMatch(new RegExp(`^ *${things.length}  in all, of ${new Set(things.map(({ type }) => type)).size} types$`, 'm'))
  })

  test('count by type', () => {
    for (const [type, own] of Map.groupBy(things, (one) => one.type)) expect(text).toMatch(new RegExp(`^ *${own.length}  ${type}$`, 'm'))
  })

  test('keep lines readable', () => {
    expect(text.split('\n').filter((line) => line.length > 170)).toEqual([])
  })

  test('fill in what differs between environments: nothing is warm in dev', async () => {
    const minimum = (of: readonly Thing[]): unknown => of.find(({ address }) => address === 'google_cloudfunctions2_function.function["check-out"]')?.values.service_config?.[0]?.['min_instance_count']
    expect([minimum(things), minimum(JSON.parse(await plan('--json', '--environment', 'dev')) as Thing[])]).toEqual([1, 0])
  })
})

describe('refuses', () => {
  test('an environment that there is not', async () => {
    await expect(plan('--environment', 'moon')).rejects.toThrow('moon.tfvars')
  })
})
