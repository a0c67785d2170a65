/**
 * Mails for the tests about what becomes of them: laid into the queue as a commit puts them there, asked for by staff, told
 * of by Resend in whatever order a test wants.
 */
import { createHmac } from 'node:crypto'
import { signedHeaders } from '../../shared/domain/standard-webhook.ts'
import { canonicalAddress } from '../../shared/domain/mail-address.ts'
import { newMail, type Mail } from '../../shared/domain/mail-record.ts'
import { encode } from '../../shared/values/ids.ts'
import type { Answer, Json, Person, Shop } from './shop.ts'

export const MINUTE_MS = 60_000
export const NOTICE = { template: 'notice', variables: { subject: 'About your order', title: 'A word about it', paragraphs: ['It is ready.'] } }
export const NEWSLETTER = { template: 'newsletter', variables: { subject: 'News', title: 'New in the shop', paragraphs: ['Come and see.'] } }

export class Mails {
  readonly #shop: Shop
  readonly #ids: string
  #laid = 0
  #told = 0

  /** @param ids how the ids of laid mails begin */
  constructor(shop: Shop, ids = 'receipt-ord_laid') {
    this.#shop = shop
    this.#ids = ids
  }

  /** Lays a mail into the queue, due now. */
  async lay(wanted: Partial<Mail> = {}): Promise<string> {
    const id = wanted.id ?? `${this.#ids}${++this.#laid}`
    const { to = `reader-${this.#laid}@example.com`, cc = [], bcc = [] } = wanted
    const intent = { id, to, template: 'receipt', subject: `Receipt ${id}`, html: '<p>Thanks</p>', text: `Thanks for ${id}`, orderId: `ord_${id}` }
    const names = [...new Set([to, cc, bcc].flat().map((address) => this.nameOf(address)))]
    await this.#shop.cloud.servers.firestore.write([{ path: `mails/${id}`, data: { ...newMail(intent, names, this.#shop.cloud.now()), ...wanted } }])
    return id
  }

  /** The name of the record of whoever an address belongs to. */
  nameOf(address: string): string {
    const mac = createHmac('sha256', this.#shop.cloud.servers.keys.ORDER_ID_SECRET)
    for (const part of ['mail address', canonicalAddress(address)]) mac.update(`${Buffer.byteLength(part)}:${part}`)
    return `adr_${encode(mac.digest())}`
  }

  /** @param more what else the nudge says: which try it asks for, that it is a campaign */
  nudge(id: string, more: Json = {}): void {
    this.#shop.cloud.servers.pubsub.publish('mail-queued', { data: JSON.stringify({ mailId: id, ...more }), attributes: { kind: 'mail' } })
  }

  async deliver(...ids: string[]): Promise<void> {
    for (const id of ids) this.nudge(id)
    await this.#shop.cloud.drain()
  }

  /** Staff ask for a mail; answers its id. */
  async ask(person: Person, wish: Json): Promise<string> {
    const answer = await person.post('/api/emails', { ...NOTICE, ...wish })
    if (answer.status !== 202) throw new Error(`The mail was not queued: ${answer.text}`)
    return answer.body['emailId'] as string
  }

  of(id: string): Json {
    return this.#shop.document('mails', id) as Json
  }

  address(address: string): Json | undefined {
    return this.#shop.document('mail_addresses', this.nameOf(address))
  }

  /** What Resend has of a mail: more than one would be one too many. */
  sent(id: string): Json[] {
    return this.#shop.at('resend', 'emails').filter((email) => email['idempotency_key'] === id)
  }

  /** An event as Resend would send it of this mail. */
  event(id: string, type: string, more: Json = {}): Json {
    const { providerId, to } = this.of(id)
    const createdAt = new Date(this.#shop.cloud.now()).toISOString()
    const data = { email_id: providerId, created_at: createdAt, to: [to].flat(), tags: { mail: id }, ...more }
    return { type: `email.${type}`, created_at: createdAt, data }
  }

  /** Sends an event to the door with Resend's signature; answers what the door says. */
  async tell(event: Json | string, { id = `msg_${++this.#told}`, atMs = this.#shop.cloud.now(), secret }: { id?: string; atMs?: number; secret?: string } = {}): Promise<Answer> {
    const body = typeof event === 'string' ? event : JSON.stringify(event)
    const signed = signedHeaders({ id, atMs, body }, [secret ?? this.#shop.cloud.servers.keys.RESEND_WEBHOOK_SECRET])
    const headers = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.replace('webhook-', 'svix-'), value]))
    return this.#shop.guest().call('POST', '/api/webhooks/resend', body, headers)
  }
}

export const PERMANENT = { bounce: { type: 'Permanent', subType: 'NoEmail', message: 'No such user <gone@example.com>.' } }
