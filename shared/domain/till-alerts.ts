/** What staff are told of the point of sale: that it counts less than we have promised, takes no word of ours, or lets us in no more. */
import { DAY_MS, iso, MINUTE_MS } from '#values/time.ts'
import type { Alert, AlertChange } from './alert.ts'
import { tillOf } from './counter-product.ts'
import type { Product, Till } from './product.ts'
import { shortage } from './stock.ts'

const NAMES: Readonly<Record<Till, string>> = { square: 'Square', lightspeed: 'Lightspeed' }

export const ACCESS_KEY = 'square/access'
const WAITING_KEYS: Readonly<Record<Till, string>> = { square: 'square/adjustments', lightspeed: 'lightspeed/adjustments' }

export function accessWithdrawn(): AlertChange {
  return {
    raise: {
      key: ACCESS_KEY, severity: 'p0', details: { vendor: 'square' },
      summary: 'Square has withdrawn our access: prices and counts come no more, and the till is not told what is sold online.',
    },
  }
}

/** So long an adjustment may have no answer before staff are told; and so long after the last such word it is over. */
const WAITING_MS = 30 * MINUTE_MS
const WAITING_QUIET_MS = 15 * MINUTE_MS

/** What staff are told while an adjustment of that moment does not get through; undefined while it is young. */
export function adjustmentWaits(till: Till, sinceMs: number, nowMs: number): AlertChange | undefined {
  if (nowMs - sinceMs < WAITING_MS) return undefined
  return {
    raise: {
      key: WAITING_KEYS[till], severity: 'p1', quietMs: WAITING_QUIET_MS, details: { vendor: till, since: iso(sinceMs) },
      summary: `What is sold online does not get into ${NAMES[till]}'s count: the store may sell it again.`,
    },
  }
}

/** The till would not make an adjustment, and never will: its count is wrong by it until somebody counts. */
export function adjustmentRefused(productId: string, delta: number): AlertChange {
  const what = delta < 0 ? `${-delta} sold online` : `${delta} given back online`
  return {
    raise: {
      key: `stock-refused/${productId}`, severity: 'p1', quietMs: 7 * DAY_MS, details: { productId, units: delta },
      summary: `${NAMES[tillOf(productId)]} does not take ${what} into its count of ${productId}. Count it by hand.`,
    },
  }
}

export interface ShortageTurn {
  readonly short: Product['short']
  /** Absent: staff know. */
  readonly alert?: AlertChange
}

/** What new figures of a product mean for staff: that more is promised than there is, that it is more than it was, or no more. */
export function shortageTurn(before: Product, after: Pick<Product, 'counted' | 'onHand' | 'held'>, nowMs: number): ShortageTurn {
  const units = shortage(after)
  const { short } = before
  if (units === 0) return short == null ? { short: null } : { short: null, alert: { resolve: shortageKey(before) } }
  const since = { units, sinceMs: short?.sinceMs ?? nowMs }
  return units <= (short?.units ?? 0) ? { short: since } : { short: since, alert: { raise: shortageAlert(before, after, units) } }
}

function shortageKey({ id }: Product): string {
  return `stock-short/${id}`
}

function shortageAlert(product: Product, { onHand, held }: Pick<Product, 'onHand' | 'held'>, units: number): Alert {
  return {
    key: shortageKey(product), severity: 'p1', details: { productId: product.id, sku: product.sku, units, onHand, promised: held },
    summary: `${units} of ${product.name} are promised online that the till does not count. Decide whose order is refunded.`,
  }
}
