/**
 * Ends campaigns to whoever has the link: a mail program with one click (a POST, RFC 8058), or a person by the page.
 *
 * Opening the page ends nothing: mail scanners open every link. A second click changes nothing and says the same. A link
 * that we did not sign is not found, and tells nobody whether there is such an address. Receipts and the like still come.
 */
import { z } from 'zod'
import { unsubscribePage, type UnsubscribeStep } from '#domain/unsubscribe-page.ts'
import { config } from '#platform/config.ts'
import { addressIn } from '#stores/mail-addresses.ts'
import { endCampaigns, getsCampaigns } from '#stores/unsubscribing.ts'
import type { Reply } from '#entry/answer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const unsubscribe = endpoint({
  name: 'unsubscribe',
  path: '/api/unsubscribe/:token',
  impact: 'People who want no more news get them all the same, and report us as spam.',
  GET: route({
    who: 'public',
    summary: 'The page behind the link to unsubscribe',
    page: true,
    reply: z.string(),
    run: async ({ params }) => {
      const id = addressIn(params['token'] ?? '')
      if (id === undefined) return page('unknown')
      return page((await getsCampaigns(id)) ? 'ask' : 'done')
    },
  }),
  POST: route({
    who: 'public',
    summary: 'End campaigns to the address of this link',
    anyBody: true,
    page: true,
    reply: z.string(),
    run: async ({ params }) => {
      const id = addressIn(params['token'] ?? '')
      if (id === undefined) return page('unknown')
      await endCampaigns(id)
      return page('done')
    },
  }),
})

function page(step: UnsubscribeStep): Reply {
  return { status: step === 'unknown' ? 404 : 200, body: unsubscribePage(step, config('shop').SHOP_NAME), page: true }
}
