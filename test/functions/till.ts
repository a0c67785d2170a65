/** What Square tells the shop, for the tests about stock and catalogue: events as it signs them, of whatever a test wants. */
import { signature } from '../../infra/local/vendors/square/notifications.ts'
import { SQUARE_LOCATION_ID } from '../../infra/local/servers.ts'
import type { Answer, Json, Shop } from './shop.ts'

const PATH = '/api/webhooks/square'

export interface Told {
  readonly key?: string
  /** The address that is signed, where it is not the registered one. */
  readonly url?: string
  readonly signed?: string
}

export class Till {
  readonly #shop: Shop
  #events = 0

  constructor(shop: Shop) {
    this.#shop = shop
  }

  /** The shop's address as it is registered with Square. */
  get url(): string {
    return `http://127.0.0.1:${new URL(this.#shop.cloud.url).port}${PATH}`
  }

  /** An event's body, made now. */
  event(type: string, object: unknown, more: Json = {}): string {
    const createdAt = new Date(this.#shop.cloud.now()).toISOString()
    return JSON.stringify({ merchant_id: 'MHEMPSHOP0001', type, event_id: `event-${++this.#events}`, created_at: createdAt, data: { type: 'some', id: 'some', object }, ...more })
  }

  /** What Square tells of counts. `atMs`: when they were made. */
  counted(counts: ReadonlyArray<{ productId: string; quantity: unknown; atMs?: number; more?: Json }>): string {
    return this.event('inventory.count.updated', {
      inventory_counts: counts.map(({ productId, quantity, atMs, more }) => ({
        catalog_object_id: productId, catalog_object_type: 'ITEM_VARIATION', state: 'IN_STOCK', location_id: SQUARE_LOCATION_ID, quantity,
        calculated_at: new Date(atMs ?? this.#shop.cloud.now()).toISOString(), ...more,
      })),
    })
  }

  /** That something in the catalogue has changed now. */
  changed(): string {
    return this.event('catalog.version.updated', { catalog_version: { updated_at: new Date(this.#shop.cloud.now()).toISOString() } })
  }

  /** Sends it to the door as Square would; answers what the door says. */
  send(event: string, { key, url, signed }: Told = {}): Promise<Answer> {
    const by = signed ?? signature(key ?? this.#shop.cloud.servers.keys.SQUARE_WEBHOOK_SIGNATURE_KEY, url ?? this.url, event)
    return this.#shop.guest().call('POST', PATH, event, { 'x-square-hmacsha256-signature': by })
  }

  /** The same, and what follows is done. */
  async tell(event: string): Promise<Json | undefined> {
    await this.send(event)
    await this.#shop.cloud.drain()
    return this.record(event)
  }

  /** What the inbox has of an event. */
  record(event: string): Json | undefined {
    return this.#shop.document('inbox', `square-${(JSON.parse(event) as Json)['event_id']}`)
  }

  /** What Square tells is brought to the shop from now on, twice and late as often as is said. */
  async listen(disorder: { duplicates: number; late: number } = { duplicates: 0, late: 0 }): Promise<void> {
    await this.#shop.act('square', 'webhooks', { enabled: true, ...disorder })
  }
}
