/** One cloud after the other in the same premises: warm processes are handed on, and nothing else. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLocalCloud, type LocalCloud } from '../../../infra/local/cloud.ts'
import { Premises } from '../../../infra/local/premises.ts'

const functionsModule = new URL('./fixtures/functions.ts', import.meta.url)
const HOUR_MS = 3_600_000
const PERMISSION_DENIED = 7

let premises: Premises
beforeAll(async () => {
  premises = await Premises.open({ port: 0, instances: 1, functionsModule })
}, 30_000)
afterAll(() => premises.close())

function moveIn(environment: Record<string, string> = {}): Promise<LocalCloud> {
  return createLocalCloud({ environment, port: 0, instances: 1, functionsModule, indexes: { indexes: [] }, premises })
}

async function echo(cloud: LocalCloud, query = ''): Promise<{ pid: number; now: string; env: { JWT_SECRET: string; SHOP_NAME?: string }; failure: number | null }> {
  return (await fetch(`${cloud.url}/api/echo/1${query}`)).json() as never
}

describe('does', () => {
  test('hand process, address and secrets on, and neither clock nor faults nor what is stored', async () => {
    const first = await moveIn()
    await first.advance(HOUR_MS)
    first.wire.addFault({ target: 'firestore', when: 'before', effect: 'drop', times: 100 })
    await first.servers.firestore.write([{ path: 'notes/a', data: { text: 'of the first' } }])
    const before = await echo(first)
    await first.stop()
    const second = await moveIn()
    const after = await echo(second)
    expect([second.url, after.pid, after.env]).toEqual([first.url, before.pid, before.env])
    expect(second.servers.secrets.value('JWT_SECRET')).toBe(after.env.JWT_SECRET)
    expect(Math.abs(Date.parse(after.now) - Date.now())).toBeLessThan(HOUR_MS / 2)
    expect([second.wire.faults(), second.documents('notes')]).toEqual([[], []])
    await second.stop()
  })

  test('tell the processes the settings of whoever moves in, and nothing of whoever moved out', async () => {
    const pids = new Set<number>()
    for (const environment of [{ SHOP_NAME: 'The first' }, {}, { SHOP_NAME: 'The third' }]) {
      const cloud = await moveIn(environment)
      const { env, pid } = await echo(cloud)
      pids.add(pid)
      expect(env.SHOP_NAME).toBe(environment.SHOP_NAME)
      await cloud.stop()
    }
    expect(pids.size).toBe(1)
  })
})

describe('refuses', () => {
  test('whoever calls while no shop is there, at once, and serves him when one is', async () => {
    const call = (): Promise<Response> => fetch(`http://localhost:${premises.port}/api/echo/1`, { method: 'POST', body: 'x'.repeat(1000) })
    const early = await call()
    expect([early.status, early.headers.get('retry-after'), await early.json()]).toMatchObject([503, '1', { code: 'SERVICE_UNAVAILABLE', retryable: true }])
    const cloud = await moveIn()
    expect((await call()).status).not.toBe(503)
    await cloud.stop()
    expect((await call()).status).toBe(503)
  })

  test('what a function of the cloud before still does although it has answered', async () => {
    const first = await moveIn()
    await echo(first, '?leave=notes')
    expect((await echo(first, '?finish')).failure).toBeNull()
    await first.stop()
    const second = await moveIn()
    const since = second.wire.lastCall
    expect((await echo(second, '?finish')).failure).toBe(PERMISSION_DENIED)
    expect(second.wire.calls(since)).toEqual([])
    await second.stop()
  })

  test('a second cloud while one is there', async () => {
    const first = await moveIn()
    await expect(moveIn()).rejects.toThrow('Another local cloud is in these premises.')
    expect((await echo(first)).pid).toBeGreaterThan(0)
    await first.stop()
  })
})

describe('survives', () => {
  test('an instance that owes an answer when its cloud moves out: it does not live to give it in the next one', async () => {
    const first = await moveIn()
    const { pid } = await echo(first)
    const owed = premises.instances.request('echo', { method: 'GET', path: '/api/echo/1?waitMs=20000', headers: {} }, 30_000).catch(() => 'lost')
    await first.stop()
    expect(await owed).toBe('lost')
    const second = await moveIn({ SHOP_NAME: 'The second' })
    const { pid: other, env } = await echo(second)
    expect([other === pid, env.SHOP_NAME]).toEqual([false, 'The second'])
    await second.stop()
  })
})
