/** Who gets no mail, or no campaigns: shown to staff, and added by hand. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Mails } from '../mails.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const PATH = '/api/admin/suppressions'

let shop: Shop
let mails: Mails
let support: Person
beforeAll(async () => {
  shop = await openShop()
  mails = new Mails(shop)
  support = await shop.person('support')
})
afterAll(() => shop.cloud.stop())

const listed = async (query = ''): Promise<Json> => (await support.get(`${PATH}?${query}`)).body

describe('does', () => {
  test('hold an address from now on, also when it is asked for twice', async () => {
    const answer = await support.post(PATH, { address: 'Never.Again+x@gmail.com' }, 'key-1')
    expect([answer.status, answer.body['suppression']]).toEqual([201, expect.objectContaining({
      id: mails.nameOf('neveragain@gmail.com'), address: 'neveragain@gmail.com', scope: 'all', reason: 'manual', emailId: null,
    })])
    expect((await support.post(PATH, { address: 'neveragain@gmail.com' })).status).toBe(201)
    expect((await support.post(PATH, { address: 'Never.Again+x@gmail.com' }, 'key-1')).text).toBe(answer.text)
    expect(mails.address('neveragain@gmail.com')).toMatchObject({ held: ['all'], spellings: ['Never.Again+x@gmail.com', 'neveragain@gmail.com'] })
  })

  test('leave an audit event that names who did it, and not whom it is about', async () => {
    await support.post(PATH, { address: 'audited@example.com', scope: 'campaigns' })
    await shop.cloud.drain()
    const rows = (await shop.cloud.rows('audit', 'events_log')) as Json[]
    const [event] = rows.filter(({ subject }) => subject === mails.nameOf('audited@example.com'))
    expect(event).toMatchObject({ what: 'mail_address.suppressed', who: `support ${support.id}`, via: 'list-or-add-suppressions' })
    expect(JSON.stringify(rows)).not.toContain('audited@')
  })

  test('list the latest first, by scope, page by page', async () => {
    for (const name of ['one', 'two', 'three']) {
      await support.post(PATH, { address: `${name}@list.example`, scope: 'campaigns' })
      await shop.cloud.advance(1000)
    }
    const first = await listed('scope=campaigns&limit=2')
    const second = await listed(`scope=campaigns&limit=2&cursor=${first['nextCursor']}`)
    const all = [...first['suppressions'], ...second['suppressions']].map(({ address }: Json) => address)
    expect(all.slice(0, 3)).toEqual(['three@list.example', 'two@list.example', 'one@list.example'])
    expect((await listed())['suppressions'].some(({ address }: Json) => address === 'one@list.example')).toBe(false)
  })
})

describe('refuses', () => {
  test.each<[Json, string]>([[{ address: 'nobody' }, 'address'], [{}, 'address'], [{ address: 'a@b.example', scope: 'some' }, 'scope']])('%j: 400', async (body, field) => {
    const answer = await support.post(PATH, body)
    expect([answer.status, answer.body['details'].fields[0].field]).toEqual([400, field])
  })

  test.each(['scope=none', 'cursor=rubbish', 'limit=0'])('a list by %s: 400', async (query) => {
    expect((await support.get(`${PATH}?${query}`)).status).toBe(400)
  })
})
