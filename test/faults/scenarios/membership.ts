/**
 * Memberships: somebody becomes a member, takes a higher tier, gives another card for what he owes; the calendar charges a
 * month that is due, and one that is declined. When the answer is lost, the same click or the calendar comes again.
 */
import { newNonce } from '../../functions/kaja.ts'
import { change, chargedFor, later, memberOrders, newMember, subscribe } from '../../functions/members.ts'
import type { Ground } from '../../functions/purchase.ts'
import type { Json, Person, Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

type GatewayName = 'stripe' | 'kaja'
const EVENTS = ['receive-stripe', 'on-stripe-event', 'receive-authorize-net', 'on-authorize-net-event']

export const subscribeStripe = subscription('stripe')
export const subscribeKaja = subscription('kaja')

function subscription(gateway: GatewayName): Scenario {
  return {
    name: `subscribe-${gateway}`,
    functions: ['subscribe-customer', 'sweep-cards', ...EVENTS],
    prepare: async ({ shop }) => {
      const person = await shop.person()
      const paymentMethod = good(gateway)
      const click = async (): Promise<void> => void (await subscribe(await later(shop, person), { tier: 'SILVER', paymentMethod }, 'the-click'))
      return { run: click, again: click, faults: () => chargedOnce(shop, person, 1) }
    },
  }
}

export const upgrade: Scenario = {
  name: 'upgrade',
  functions: ['upgrade-membership', ...EVENTS],
  prepare: async ({ shop }) => {
    const person = await newMember(shop, { tier: 'BRONZE' })
    const click = async (): Promise<void> => void (await change(await later(shop, person), 'upgrade', { tier: 'GOLD' }, 'the-click'))
    return {
      run: click,
      again: click,
      faults: () => {
        const { tier } = membership(shop, person)
        const paid = memberOrders(shop, person).filter(({ state }) => state === 'paid').length
        return [...chargedOnce(shop, person, 2), ...((tier === 'GOLD') === (paid === 2) ? [] : [`member ${person.id} is ${tier} and has paid ${paid} orders`])]
      },
    }
  },
}

/** The month that he owes is charged to the card that he gives. */
export const paymentMethod: Scenario = {
  name: 'payment-method',
  functions: ['change-payment-method', 'sweep-cards', ...EVENTS],
  prepare: async (ground) => {
    const { shop } = ground
    const person = await due(ground, 'stripe', 'declined')
    await shop.tally('renew-memberships')
    const click = async (): Promise<void> => void (await change(await later(shop, person), 'payment-method', { paymentMethod: good('stripe') }, 'the-click'))
    return {
      run: click,
      again: click,
      faults: () => {
        const { status, period } = membership(shop, person)
        const right = (status === 'active') === (period === 1) && ['active', 'payment_failed'].includes(status)
        return [...chargedOnce(shop, person, 2), ...(right ? [] : [`member ${person.id} is ${status} in month ${period}`])]
      },
    }
  },
}

export const renewalStripe = renewal('renewal-stripe', 'stripe', 'good')
export const renewalKaja = renewal('renewal-kaja', 'kaja', 'good')
/** A step towards suspension is one, whatever is lost of it. */
export const dunningStripe = renewal('dunning-stripe', 'stripe', 'declined')
export const dunningKaja = renewal('dunning-kaja', 'kaja', 'declined')

function renewal(name: string, gateway: GatewayName, card: 'good' | 'declined'): Scenario {
  return {
    name,
    functions: ['renew-memberships', 'sweep-reservations', ...EVENTS],
    // A charge that never reached the gateway is tried again after an hour.
    settlesAfterMinutes: 150,
    prepare: async (ground) => {
      const { shop } = ground
      const person = await due(ground, gateway, card)
      const run = async (): Promise<void> => {
        await shop.cloud.runJob('renew-memberships').catch(() => undefined)
        await shop.cloud.runJob('sweep-reservations').catch(() => undefined)
      }
      return {
        run,
        again: run,
        faults: () => {
          const { status, period, unpaid } = membership(shop, person)
          const right = card === 'good' ? status === 'active' && period === 1 : status === 'payment_failed' && period === 0 && unpaid?.declined === 1
          return [...chargedOnce(shop, person, card === 'good' ? 2 : 1), ...(right ? [] : [`member ${person.id} is ${status} in month ${period}, ${unpaid?.declined ?? 0} times declined`])]
        },
      }
    },
  }
}

function good(gateway: GatewayName): Json {
  return gateway === 'stripe' ? { token: 'pm_card_visa' } : { gateway, token: newNonce() }
}

/** Somebody whose first month is over: his own clock is put back, for others' months must not be due with his. */
async function due({ shop }: Ground, gateway: GatewayName, card: 'good' | 'declined'): Promise<Person> {
  const person = await newMember(shop, { tier: 'SILVER', paymentMethod: good(gateway) })
  if (card === 'declined') {
    const token = gateway === 'stripe' ? { token: 'pm_card_chargeCustomerFail' } : { gateway, token: newNonce('tok_charge_declined') }
    const { status, text } = await change(person, 'payment-method', { paymentMethod: token })
    if (status !== 200) throw new Error(`The card was not changed: ${text}`)
  }
  await overdue(shop, person)
  return person
}

/** His month ends now. */
async function overdue(shop: Shop, person: Person): Promise<void> {
  const member = shop.document('memberships', person.id) as Json
  const nowMs = shop.cloud.now()
  const ended = { ...member['membership'], periodEndsAtMs: nowMs - 1_000 }
  await shop.cloud.servers.firestore.write([{ path: `memberships/${person.id}`, data: { ...member, membership: ended, nextAtMs: nowMs - 1_000 } }])
}

function membership(shop: Shop, { id }: Person): Json {
  return shop.document('memberships', id)?.['membership'] as Json
}

/** Each order of his at most once, and no more orders that were paid than there were months and upgrades. */
function chargedOnce(shop: Shop, person: Person, most: number): string[] {
  const charges = memberOrders(shop, person).flatMap(({ id }) => chargedFor(shop, id))
  return charges.length > most ? [`member ${person.id} was charged ${charges.length} times, at most ${most} were to be`] : []
}
