/** The death of everything, supervisor included, in the middle of fifty checkouts: nothing is lost, nothing happens twice. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { gather, stuck, violations } from '../books.ts'
import { checkOut, PRODUCT, until } from '../purchase.ts'
import { Person, type Answer, type Json } from '../shop.ts'

vi.setConfig({ testTimeout: 120_000 })

const MAIN = fileURLToPath(new URL('../../../infra/local/main.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'check-out-kill-'))
const started: ChildProcess[] = []

afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

/** The local cloud as processes of its own, reached over HTTP only. */
async function startCloud(): Promise<{ url: string; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, [MAIN, '--directory', directory, '--port', '0', '--instances', '2'], { stdio: ['ignore', 'pipe', 'inherit'] })
  started.push(child)
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const url = await until(() => /^ready (\S+)$/m.exec(output)?.[1])
  return {
    url,
    kill: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}

async function local(url: string, method: string, path: string, body?: unknown): Promise<Json> {
  const answer = await fetch(`${url}/_local/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`)
  return (await answer.json()) as Json
}

async function evidenceAt(url: string): Promise<ReturnType<typeof gather>> {
  const found = new Map<string, Json[]>()
  const look = async (path: string, name: 'documents' | 'objects'): Promise<void> => {
    const list = (await local(url, 'GET', path))[name] as Json[]
    found.set(path, name === 'documents' ? list.map((document) => document['data'] as Json) : list)
  }
  const wanted: string[] = []
  gather(0, (collection) => [void wanted.push(collection)] as never[], (vendor, type) => [void wanted.push(`${vendor}/${type}`)] as never[])
  const pathOf = (name: string): string => (name.includes('/') ? `vendors/${name.replace('/', '/objects/')}` : `firestore/${name}`)
  await Promise.all(wanted.map((name) => look(pathOf(name), name.includes('/') ? 'objects' : 'documents')))
  return gather(Date.now(), (collection) => found.get(pathOf(collection)) ?? [], (vendor, type) => found.get(pathOf(`${vendor}/${type}`)) ?? [])
}

describe('survives', () => {
  test('kill -9 of everything in the middle of 50 checkouts: what was answered stands, the rest is finished or given up', async () => {
    const first = await startCloud()
    const { counts } = await evidenceAt(first.url)
    const inStock = counts.filter(({ state }) => state === 'IN_STOCK')
    const stock = new Map(inStock.map((count) => [String(count['catalog_object_id']), Number(count['quantity'])]))
    const tokenOf = async (sub: string): Promise<string> => {
      const wish = { role: 'customer', sub, email: `${sub}@example.com` }
      return String((await local(first.url, 'POST', 'token', wish))['token'])
    }
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, index) => tokenOf(`buyer-${index}`)))
    const buyersAt = (url: string): Person[] => tokens.map((token, index) => new Person(url, `10.9.0.${index}`, `buyer-${index}`, token))
    const buy = (buyer: Person): Promise<Answer> => checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 1 }] }, 'the-click')

    const answered = new Map<string, Answer>()
    const running = Promise.allSettled(buyersAt(first.url).map(async (buyer) => void answered.set(buyer.id, await buy(buyer))))
    await until(() => answered.size >= 12)
    await first.kill()
    await running
    expect(answered.size).toBeLessThan(50)

    const second = await startCloud()
    await local(second.url, 'POST', 'drain')
    const asking = buyersAt(second.url).filter((buyer, index) => answered.has(buyer.id) || index % 2 === 0)
    await local(second.url, 'POST', 'clock', { advance: 'PT31S' })
    const again = await Promise.all(asking.map(buy))
    for (const [index, answer] of again.entries()) {
      expect([asking[index]?.id, answer.status]).toEqual([asking[index]?.id, 201])
      const before = answered.get(asking[index]?.id ?? '')
      if (before?.status === 201) expect(answer.text).toBe(before.text)
    }
    for (const advance of ['PT2M', 'PT6M', 'PT2M']) {
      await local(second.url, 'POST', 'clock', { advance })
      await local(second.url, 'POST', 'drain')
    }
    const evidence = await evidenceAt(second.url)
    expect([...violations(evidence, stock), ...stuck(evidence)]).toEqual([])
    const paid = evidence.orders.filter(({ state }) => state === 'paid')
    expect(new Set(paid.map(({ customerId }) => customerId)).size).toBe(paid.length)
    expect(paid.length).toBeGreaterThanOrEqual(again.length)
    for (const order of evidence.orders) expect(['paid', 'payment_failed']).toContain(order.state)
    await second.kill()
  })
})
