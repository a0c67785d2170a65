/**
 * Paging people through PagerDuty's Events API v2. The alert's own key makes a repeated call safe: a second trigger joins
 * the alert that is open, a second resolve ends nothing more.
 */
import type { AlertRecord, Severity, Telling } from '#domain/alert.ts'
import { iso } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { callHttp, isPassing, restMs } from '#platform/http.ts'

export type PageOutcome =
  /** `none`: the shop has no PagerDuty. */
  | { readonly status: 'taken' | 'none' }
  /** It will never be taken as it is. */
  | { readonly status: 'refused'; readonly reason: string }
  | { readonly status: 'again'; readonly reason: string; readonly waitMs: number | undefined }

const SEVERITY: Readonly<Record<Severity, string>> = { p0: 'critical', p1: 'error', p2: 'warning' }
const SUMMARY_MAX = 1024
const KEY_MAX = 255

export async function page(alert: AlertRecord, telling: Telling): Promise<PageOutcome> {
  const { PAGERDUTY_ROUTING_KEY, PAGERDUTY_API_BASE } = config('pagerduty')
  if (PAGERDUTY_ROUTING_KEY === undefined) return { status: 'none' }
  const result = await callHttp({
    method: 'POST',
    url: `${PAGERDUTY_API_BASE}/v2/enqueue`,
    body: {
      routing_key: PAGERDUTY_ROUTING_KEY, event_action: telling, dedup_key: alert.key.slice(0, KEY_MAX),
      ...(telling === 'trigger' ? { client: config('shop').SHOP_NAME, client_url: config('shop').PUBLIC_URL, payload: payloadOf(alert) } : {}),
    },
    deadlineMs: config('deadlines').VENDOR_DEADLINE_MS,
  })
  if (!result.lost && result.status === 202) return { status: 'taken' }
  const reason = `pagerduty ${result.lost ? result.reason : result.status}`
  return isPassing(result) ? { status: 'again', reason, waitMs: restMs(result) } : { status: 'refused', reason }
}

function payloadOf({ key, severity, summary, details, orderId, count, firstAtMs, lastAtMs }: AlertRecord): Record<string, unknown> {
  const [group, ...component] = key.split('/')
  return {
    summary: summary.slice(0, SUMMARY_MAX),
    source: 'countinghouse',
    severity: SEVERITY[severity],
    timestamp: iso(lastAtMs),
    group,
    component: component.join('/') || group,
    custom_details: { ...details, ...(orderId === null ? {} : { orderId }), facts: count, firstAt: iso(firstAtMs) },
  }
}
