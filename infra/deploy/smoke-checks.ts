/** What must hold of a running shop: it lives, reaches its store, shows its goods, and keeps its doors. */
import { setTimeout as pause } from 'node:timers/promises'

export interface Checked {
  readonly what: string
  /** Undefined when it holds. */
  readonly fault: string | undefined
}

interface Check {
  readonly what: string
  readonly path: string
  readonly status: number
  /** Of the answer's JSON. */
  readonly holds?: (body: Record<string, unknown>) => boolean
  /** Not every shop shows it. */
  readonly mayBeAbsent?: true
}

const CHECKS: readonly Check[] = [
  { what: 'an instance is alive', path: '/health', status: 200, holds: ({ state }) => state === 'ok' },
  { what: 'the store can be reached', path: '/healthz', status: 200, holds: ({ state }) => state === 'ok' },
  { what: 'the contract is published', path: '/openapi.json', status: 200, holds: ({ openapi }) => String(openapi).startsWith('3.'), mayBeAbsent: true },
  { what: 'products are listed', path: '/api/products?limit=1', status: 200, holds: ({ success, products }) => success === true && Array.isArray(products) },
  { what: 'nobody sees orders without a token', path: '/api/orders', status: 401, holds: ({ success }) => success === false },
  { what: 'nobody is staff without a token', path: '/api/admin/ledger/accounts', status: 401, holds: ({ success }) => success === false },
  { what: 'an unknown product is not found', path: '/api/products/no-such-product', status: 404, holds: ({ code }) => code === 'NOT_FOUND' || code === 'PRODUCT_NOT_FOUND' },
]
const CALL_MS_MAX = 10_000
/** Instances of before and after stand beside each other for a moment. */
const TRIES = 3

export async function smoke(shop: URL, waitMs = 2_000): Promise<Checked[]> {
  const results: Checked[] = []
  for (const check of CHECKS) {
    let fault = await faultOf(shop, check)
    for (let tries = 1; fault !== undefined && tries < TRIES; tries += 1) {
      await pause(waitMs)
      fault = await faultOf(shop, check)
    }
    results.push({ what: check.what, fault })
  }
  return results
}

async function faultOf(shop: URL, { path, status, holds, mayBeAbsent }: Check): Promise<string | undefined> {
  try {
    const answer = await fetch(new URL(path, shop), { signal: AbortSignal.timeout(CALL_MS_MAX), redirect: 'manual' })
    const text = await answer.text()
    if (mayBeAbsent === true && answer.status === 404) return undefined
    if (answer.status !== status) return `${path} answered ${answer.status} instead of ${status}`
    return holds?.(JSON.parse(text) as Record<string, unknown>) === false ? `${path} answered ${text.slice(0, 200)}` : undefined
  } catch (error) {
    return `${path}: ${(error as Error).message}`
  }
}
