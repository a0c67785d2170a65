/** Saving cards, and what the gateways hold of them. */
import { profileNumber } from '../../shared/vendors/authorize-net/reference.ts'
import { vi } from 'vitest'
import { newNonce } from './kaja.ts'
import type { Answer, Json, Person, Shop } from './shop.ts'

/** Sends a card to be kept; by KAJA with a nonce of its own. */
export function save(person: Person, card: Json = {}, key?: string, customerId = person.id): Promise<Answer> {
  const token = card['gateway'] === 'kaja' ? newNonce() : 'pm_card_visa'
  return person.post(`/api/customers/${customerId}/cards`, { token, ...card }, key)
}

/** Saves a card and answers its id. */
export async function saved(person: Person, card: Json = {}): Promise<string> {
  const answer = await save(person, card)
  if (answer.status !== 201) throw new Error(`The card was not saved: ${answer.text}`)
  return answer.body['card'].id as string
}

export async function cardsOf(person: Person, customerId = person.id): Promise<Json[]> {
  return (await person.get(`/api/customers/${customerId}/cards`)).body['cards'] as Json[]
}

export function remove(person: Person, cardId: string, customerId = person.id): Promise<Answer> {
  return person.call('DELETE', `/api/customers/${customerId}/cards/${cardId}`)
}

export function setupOf(shop: Shop, cardId: string): Json | undefined {
  return shop.at('stripe', 'setup_intents').find(({ metadata }) => metadata['card_key'] === cardId)
}

/** The customer has answered his bank. */
export async function authenticateCard(shop: Shop, cardId: string, outcome: 'succeed' | 'fail' = 'succeed'): Promise<void> {
  await shop.act('stripe', `setup_intents/${setupOf(shop, cardId)?.['id']}/authenticate`, { outcome })
}

/** Whether the gateway keeps this card. */
export function isKept(shop: Shop, cardId: string): boolean {
  const method = setupOf(shop, cardId)?.['payment_method']
  const atStripe = shop.at('stripe', 'payment_methods').some(({ id, customer }) => id === method && customer !== null)
  return atStripe || shop.at('authorize-net', 'profiles').some(({ merchantCustomerId }) => merchantCustomerId === profileNumber(cardId))
}

/** What is on record of a card, in order. */
export function recordOf(shop: Shop, cardId: string): Json {
  return shop.document('cards', cardId) as Json
}

/** The shop's store, as a function of the house reaches it; to be unstubbed afterwards. */
export function atTheStore(shop: Shop): void {
  vi.stubEnv('FIRESTORE_EMULATOR_HOST', shop.cloud.addresses['FIRESTORE_EMULATOR_HOST'])
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
  vi.stubEnv('GCP_PROJECT_ID', shop.cloud.servers.pubsub.projectId)
}

/** What is sealed for this customer opens nowhere any more. */
export async function destroyKey(shop: Shop, customerId: string): Promise<void> {
  await shop.cloud.servers.firestore.write([{ path: `customer_keys/${customerId}`, data: { createdAtMs: 0, destroyedAtMs: 1 } }])
}
