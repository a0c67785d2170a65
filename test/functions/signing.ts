/** Vendors' signatures, as each of them makes them: for events that a test sends in a vendor's name. */
import { createHmac } from 'node:crypto'
import { signature as squareSignature } from '../../infra/local/vendors/square/notifications.ts'
import type { Shop } from './shop.ts'

export type SigningVendor = 'stripe' | 'resend' | 'authorize-net' | 'square'

interface Signing {
  readonly vendor: SigningVendor
  readonly body: string
  /** Of the vendor's webhook; the shop's own without it. */
  readonly key?: string
  /** Of the message, where the vendor signs it too. */
  readonly id?: string
}

/** Headers with which the vendor would send this body now. */
export function signedBy(shop: Shop, { vendor, body, key, id = 'msg_1' }: Signing): Record<string, string> {
  const { keys } = shop.cloud.servers
  const at = String(Math.floor(shop.cloud.now() / 1000))
  switch (vendor) {
    case 'stripe':
      return { 'stripe-signature': `t=${at},v1=${createHmac('sha256', key ?? keys.STRIPE_WEBHOOK_SECRET).update(`${at}.${body}`).digest('hex')}` }
    case 'resend': {
      const secret = Buffer.from((key ?? keys.RESEND_WEBHOOK_SECRET).slice('whsec_'.length), 'base64')
      return { 'svix-id': id, 'svix-timestamp': at, 'svix-signature': `v1,${createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64')}` }
    }
    case 'authorize-net': {
      const mac = createHmac('sha512', Buffer.from(key ?? keys.AUTHORIZE_NET_SIGNATURE_KEY, 'hex')).update(body).digest('hex').toUpperCase()
      return { 'x-anet-signature': `sha512=${mac}` }
    }
    case 'square': {
      const address = `http://127.0.0.1:${new URL(shop.cloud.url).port}/api/webhooks/square`
      return { 'x-square-hmacsha256-signature': squareSignature(key ?? keys.SQUARE_WEBHOOK_SIGNATURE_KEY, address, body) }
    }
  }
}
