/** Who may be paid, and where his money goes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'
import { register } from './treasury.ts'

let shop: Shop
let admin: Person

beforeAll(async () => {
  shop = await openShop()
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('register a payee, and show him to staff', async () => {
    const { status, body } = await register(admin, 'organiser-1', 'acct_organiser1')
    expect({ status, payee: body['payee'] }).toMatchObject({ status: 200, payee: { id: 'organiser-1', name: 'The Band', destination: 'acct_organiser1', active: true } })
    for (const role of ['viewer', 'support', 'admin'] as const) {
      expect((await (await shop.person(role)).get('/api/payees/organiser-1')).body['payee']).toEqual(body['payee'])
    }
  })

  test('change where his money goes, each change once and on record, without his name', async () => {
    await register(admin, 'changing', 'acct_one')
    const [first, again] = [await register(admin, 'changing', 'acct_two'), await register(admin, 'changing', 'acct_two')]
    expect(again.body['payee']).toEqual(first.body['payee'])
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject }) => subject === 'changing')
    expect(events.map(({ what, who, before, after }) => [what, who, before, after])).toEqual(expect.arrayContaining([
      ['payee.registered', `admin ${admin.id}`, null, '{"destination":"acct_one","active":true}'],
      ['payee.changed', `admin ${admin.id}`, '{"destination":"acct_one","active":true}', '{"destination":"acct_two","active":true}'],
    ]))
    expect(events).toHaveLength(2)
    expect(JSON.stringify(events)).not.toContain('The Band')
  })
})

describe('refuses', () => {
  test.each([[{ destination: 'DE89370400440532013000' }, 'destination'], [{ destination: 'acct_' }, 'destination'], [{ name: '' }, 'name'], [{ iban: 'x' }, 'iban']])('%j: 400 that names the field', async (wish, field) => {
    const { status, body } = await register(admin, 'nobody', 'acct_one', wish)
    expect({ status, field: body['details']?.fields[0].field }).toEqual({ status: 400, field })
    expect((await admin.get('/api/payees/nobody')).status).toBe(404)
  })

  test('everybody but an admin to change, everybody but staff to look', async () => {
    for (const role of ['viewer', 'support', 'customer', 'organiser'] as const) expect((await register(await shop.person(role), 'x', 'acct_one')).status).toBe(403)
    expect((await (await shop.person()).get('/api/payees/organiser-1')).status).toBe(403)
  })
})
