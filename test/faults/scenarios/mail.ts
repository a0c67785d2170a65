/**
 * Mails: asked for by staff and told of by Resend, bounced, given up and replayed, sent as a campaign and unsubscribed from.
 * Each goes out once, and to nobody who is to get none.
 */
import { Mails, NEWSLETTER, NOTICE, PERMANENT } from '../../functions/mails.ts'
import type { Answer, Json, Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

const CLICKS_MAX = 6
const BETWEEN_CLICKS_MS = 20_000
let readers = 0

/** An address that no other run knows. */
function reader(): string {
  return `reader-${++readers}@faults.example`
}

/** Asks until there is an answer, as whoever gets none does. */
async function insist(shop: Shop, ask: () => Promise<Answer>): Promise<void> {
  for (let clicks = 0; clicks < CLICKS_MAX; clicks += 1) {
    const answer = await ask().catch(() => undefined)
    if (answer !== undefined && answer.status < 300) return
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(BETWEEN_CLICKS_MS)
  }
}

function mailsTo(shop: Shop, address: string): Json[] {
  return shop.documents('mails').map(({ data }) => data).filter(({ to }) => to === address)
}

function sentTo(shop: Shop, address: string): number {
  return shop.at('resend', 'emails').filter(({ to }) => String(to) === address).length
}

/** What is wrong when one mail was meant for an address, and it is to be in this state. */
function oneMail(shop: Shop, address: string, statuses: readonly string[]): string[] {
  const [mail, ...more] = mailsTo(shop, address)
  const count = sentTo(shop, address)
  return [
    ...(more.length > 0 ? [`${more.length + 1} mails to ${address} were queued for one wish`] : []),
    ...(mail !== undefined && !statuses.includes(mail['status']) ? [`mail ${mail['id']} is ${mail['status']}`] : []),
    ...(mail !== undefined && count !== 1 ? [`mail ${mail['id']} was sent ${count} times`] : []),
  ]
}

export const mailAsked: Scenario = {
  name: 'mail-asked',
  functions: ['queue-or-list-emails', 'on-mail-queued', 'receive-resend', 'on-resend-event'],
  prepare: async ({ shop }) => {
    await shop.act('resend', 'webhooks', { enabled: true })
    const [support, to] = [await shop.person('support'), reader()]
    const ask = async (): Promise<void> => {
      await insist(shop, () => support.post('/api/emails', { ...NOTICE, to }, 'the-wish'))
      await shop.cloud.drain().catch(() => undefined)
    }
    return { run: ask, again: ask, faults: () => [...(mailsTo(shop, to).length === 0 ? [`no mail to ${to} was queued`] : []), ...oneMail(shop, to, ['delivered'])] }
  },
}

export const mailBounced: Scenario = {
  name: 'mail-bounced',
  functions: ['receive-resend', 'on-resend-event', 'lift-suppression'],
  prepare: async ({ shop }) => {
    const [mails, admin, to] = [new Mails(shop, `bounced-${++readers}-`), await shop.person('admin'), reader()]
    const id = await mails.lay({ to })
    await mails.deliver(id)
    const event = mails.event(id, 'bounced', PERMANENT)
    const told = `msg_${id}`
    const lift = () => admin.post(`/api/admin/suppressions/${mails.nameOf(to)}/lift`, { reason: 'They called' }, 'the-lift')
    const run = async (): Promise<void> => {
      await insist(shop, () => mails.tell(event, { id: told }))
      await shop.cloud.drain().catch(() => undefined)
      await lift().catch(() => undefined)
    }
    return {
      run,
      again: run,
      faults: () => {
        const address = mails.address(to)
        return [
          ...oneMail(shop, to, ['bounced']),
          ...(address === undefined ? [`nobody is held although mail ${id} bounced`] : []),
          // Held once, and lifted at most once: by a call that came through.
          ...(address !== undefined && (address['version'] > 2 || (address['version'] === 1) !== (address['held'].length === 1)) ? [`${to} is held ${address['held'].length} times after ${address['version']} changes`] : []),
        ]
      },
    }
  },
}

export const mailReplayed: Scenario = {
  name: 'mail-replayed',
  functions: ['replay-dead-letters', 'on-mail-queued', 'sweep-mails'],
  prepare: async ({ shop }) => {
    await shop.act('resend', 'webhooks', { enabled: true })
    const [mails, admin, to] = [new Mails(shop, `replayed-${++readers}-`), await shop.person('admin'), reader()]
    // Its mailbox is full for this minute: it is deferred first.
    const others = await Promise.all(Array.from({ length: 10 }, () => mails.lay({ to: 'elsewhere@faults.example', bcc: [to] })))
    await mails.deliver(...others)
    const id = await mails.lay({ to, status: 'dead_letter', attempts: 6, nextAtMs: null, dueSinceMs: null, lastError: 'resend 503' })
    const click = async (): Promise<void> => {
      await insist(shop, () => admin.post('/api/admin/dead-letters/replay', { ids: [`mail-${id}`], reason: 'Resend is back' }, 'the-click'))
      await shop.cloud.drain().catch(() => undefined)
      await shop.cloud.advance(61_000)
      await shop.cloud.runJob('sweep-mails').catch(() => undefined)
    }
    return {
      run: click,
      again: click,
      faults: () => [...oneMail(shop, to, ['delivered']), ...(mails.of(id)['replay']?.count === 1 ? [] : [`mail ${id} was replayed ${mails.of(id)['replay']?.count ?? 0} times`])],
    }
  },
}

export const mailCampaign: Scenario = {
  name: 'mail-campaign',
  functions: ['queue-or-list-emails', 'sweep-mails', 'on-mail-queued', 'unsubscribe'],
  prepare: async ({ shop }) => {
    await shop.act('resend', 'webhooks', { enabled: true })
    const [mails, support, to] = [new Mails(shop), await shop.person('support'), reader()]
    const run = async (): Promise<void> => {
      await insist(shop, () => support.post('/api/emails', { ...NEWSLETTER, to }, 'the-campaign'))
      await shop.cloud.drain().catch(() => undefined)
      const [email] = shop.at('resend', 'emails').filter((one) => String(one['to']) === to)
      const link = /<([^>]+)>/.exec(String(email?.['headers']?.['List-Unsubscribe']))?.[1]
      if (link !== undefined) await insist(shop, () => shop.guest().call('POST', link, 'List-Unsubscribe=One-Click', { 'content-type': 'application/x-www-form-urlencoded' }))
    }
    return {
      run,
      again: run,
      faults: () => {
        const address = mails.address(to)
        return [
          ...oneMail(shop, to, ['delivered']),
          ...(address !== undefined && address['version'] !== 1 ? [`${to} was unsubscribed ${address['version']} times by one click`] : []),
        ]
      },
    }
  },
}

export const mailClicked: Scenario = {
  name: 'mail-clicked',
  functions: ['receive-resend', 'on-resend-event', 'send-warehouse-rows'],
  prepare: async ({ shop }) => {
    await shop.act('resend', 'webhooks', { enabled: true })
    const mails = new Mails(shop, `eml_clicked${++readers}`)
    const id = await mails.lay({ to: reader(), category: 'campaign', template: 'newsletter' })
    await mails.deliver(id)
    // What was told of its way is here before somebody reads it.
    await shop.cloud.advance(60_000)
    await shop.cloud.drain()
    return {
      run: async () => {
        for (const type of ['opened', 'clicked']) await shop.act('resend', `emails/${mails.sent(id)[0]?.['id']}/event`, { type })
        await shop.cloud.drain().catch(() => undefined)
      },
      faults: async () => {
        const { openedAtMs, clicksMs = [], report } = mails.of(id)
        const rows = ((await shop.cloud.rows('engagement', 'mails_log')) as Json[]).filter((row) => row['id'] === id)
        const last = rows.find((row) => row['row_version'] === report?.version)
        return [
          ...(openedAtMs === undefined || clicksMs.length !== 1 ? [`mail ${id} was opened and clicked once, and ${clicksMs.length} clicks are kept`] : []),
          ...(last?.['clicked_at'] === undefined || last['clicked_at'] === null ? [`the warehouse knows of no click in ${id}`] : []),
          ...(new Set(rows.map((row) => row['row_version'])).size !== report?.version ? [`of ${report?.version} states of ${id} the warehouse holds ${rows.length} rows`] : []),
        ]
      },
    }
  },
}
