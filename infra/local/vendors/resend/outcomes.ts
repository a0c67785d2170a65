/**
 * What an event says beyond the fields all events share, when nobody says otherwise: a hard bounce of an unknown
 * address, a click on the shop's link, a failure for want of quota.
 */
import type { Json, LastEvent } from './shapes.ts'

export function extraOf(event: LastEvent, nowIso: string): Json {
  switch (event) {
    case 'bounced':
      return {
        bounce: {
          type: 'Permanent',
          subType: 'NoEmail',
          message: "The recipient's email address does not exist.",
          diagnosticCode: ['smtp; 550 5.1.1 user unknown'],
        },
      }
    case 'clicked':
      return {
        click: {
          ipAddress: '203.0.113.7',
          link: 'https://shop.example.test/',
          timestamp: nowIso,
          userAgent: 'Mozilla/5.0',
        },
      }
    case 'failed':
      return { failed: { reason: 'reached_daily_quota' } }
    case 'suppressed':
      return {
        suppressed: {
          type: 'OnAccountSuppressionList',
          message: 'The address is on the suppression list.',
          reason: 'previous_bounce',
          diagnosticCode: [],
        },
      }
    default:
      return {}
  }
}
