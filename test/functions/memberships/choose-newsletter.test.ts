/** Whether a member gets the newsletter: his choice, at any time, on record. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { change, membershipOf, newMember } from '../members.ts'
import { openShop, type Json, type Shop } from '../shop.ts'

let shop: Shop

beforeAll(async () => {
  shop = await openShop()
}, 30_000)
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('agree and take it back, each change once and on record; nobody is asked to agree by subscribing', async () => {
    const member = await newMember(shop)
    const { id, newsletter } = await membershipOf(member)
    expect(newsletter).toBe(false)
    for (const agreed of [true, true, false]) expect((await change(member, 'newsletter', { agreed })).body['membership']).toMatchObject({ id, newsletter: agreed })
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject, what }) => subject === id && what === 'membership.newsletter')
    expect(events.map(({ why }) => why).sort()).toEqual(['Agreed by the member', 'Taken back by the member'])
  })
})

describe('refuses', () => {
  test('what is no choice, and whoever is no member', async () => {
    const member = await newMember(shop)
    expect((await change(member, 'newsletter', { agreed: 'yes' })).body['details'].fields[0].field).toBe('agreed')
    expect((await change(await shop.person(), 'newsletter', { agreed: true })).status).toBe(404)
  })
})
