/** Whoever asks to be forgotten is forgotten in the mail as well; that he is to get none stays known. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NOBODY } from '../../shared/domain/mail.ts'
import { PROJECT_ID } from '../../infra/local/servers.ts'
import { Mails, NOTICE, PERMANENT } from '../functions/mails.ts'
import { openShop, type Json, type Shop } from '../functions/shop.ts'

let shop: Shop
let mails: Mails
let forgetMailsTo: (address: string) => Promise<void>
beforeAll(async () => {
  shop = await openShop()
  mails = new Mails(shop)
  const { JWT_SECRET, ORDER_ID_SECRET } = shop.cloud.servers.keys
  Object.assign(process.env, { GCP_PROJECT_ID: PROJECT_ID, METADATA_SERVER_DETECTION: 'none', JWT_SECRET, ORDER_ID_SECRET }, shop.cloud.addresses)
  ;({ forgetMailsTo } = await import('../../shared/stores/mail-erasure.ts'))
})
afterAll(() => shop.cloud.stop())

const kept = (): string => JSON.stringify([shop.documents('mails'), shop.documents('mail_addresses'), shop.documents('inbox'), shop.documents('limit_counters'), shop.documents('operations')])

describe('does', () => {
  test('take an address and all that was written to it out of every record, in whatever spelling, also as a copy', async () => {
    const support = await shop.person('support')
    const ids = [await mails.ask(support, { to: 'Forget.Me+x@gmail.com' }), await mails.ask(support, { to: 'stays@example.com', cc: ['forgetme@gmail.com'] })]
    await shop.cloud.drain()
    await mails.tell(mails.event(ids[0] as string, 'bounced', PERMANENT))
    await shop.cloud.drain()
    expect(kept()).toMatch(/forget\.?me/i)
    await forgetMailsTo('forgetme@gmail.com')
    expect(kept()).not.toMatch(/forget\.?me/i)
    for (const id of ids) expect(mails.of(id)).toMatchObject({ to: NOBODY, cc: [], subject: '', html: '', text: '', recipients: [], providerId: expect.any(String) })
    expect(ids.map((id) => mails.of(id)['status'])).toEqual(['bounced', 'sent'])
  })

  test('send nothing more to whoever bounced before, though nobody knows any more who that was', async () => {
    expect(mails.address('forgetme@gmail.com')).toMatchObject({ address: null, spellings: [], held: ['all'] })
    const id = await mails.lay({ to: 'forgetme@gmail.com' })
    await mails.deliver(id)
    expect([mails.of(id)['status'], mails.sent(id)]).toEqual(['suppressed', []])
  })

  test('send no mail that still waits, and replay none that was given up', async () => {
    const waiting = await mails.lay({ to: 'gone@example.com', sendAtMs: shop.cloud.now() + 60_000 })
    const dead = await mails.lay({ to: 'gone@example.com', status: 'dead_letter', nextAtMs: null, dueSinceMs: null })
    await forgetMailsTo('gone@example.com')
    await shop.cloud.advance(120_000)
    await mails.deliver(waiting, dead)
    expect([waiting, dead].map((id) => [mails.of(id)['status'], mails.sent(id).length])).toEqual([['suppressed', 0], ['suppressed', 0]])
  })

  test('write to him again when he comes back', async () => {
    const id = await mails.ask(await shop.person('support'), { to: 'gone@example.com' })
    await shop.cloud.drain()
    expect(mails.sent(id)).toEqual([expect.objectContaining({ subject: NOTICE.variables.subject })])
  })

  test('forget many mails, and be safe to run again', async () => {
    for (let n = 0; n < 130; n += 1) await mails.lay({ to: 'often@example.com', status: 'sent', nextAtMs: null, dueSinceMs: null })
    await forgetMailsTo('often@example.com')
    await forgetMailsTo('often@example.com')
    expect(shop.documents('mails').filter(({ data }: Json) => JSON.stringify(data).includes('often@'))).toEqual([])
  })
})
