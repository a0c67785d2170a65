/**
 * The seam of a vendor's webhook: verify the raw bytes, store the event, then answer. Nothing is applied here.
 *
 * A bad, missing or stale signature is 401; if the event cannot be stored, 5xx, so that the vendor sends it again.
 * An event that is stored already answers 200 at once: the vendor may send it as often as it likes.
 */
import type { HttpFunction } from '@google-cloud/functions-framework'
import type { VendorMessage } from '#domain/vendor-message.ts'
import { Failure } from '#values/failure.ts'
import { leaveFrameworkDomain } from '#platform/framework-domain.ts'
import { log } from '#platform/log.ts'
import { nudgeInbox, storeEvent } from '#stores/inbox.ts'
import { noteBadSignature } from '#stores/signatures.ts'
import { send, sendFailure } from './answer.ts'
import type { WebhookDeclaration } from './declaration.ts'
import { announcedOf, bodyBytesMax } from './front.ts'
import { requestIdOf } from './request.ts'

interface WebhookFacts {
  readonly name: string
  readonly path: string
  readonly vendor: string
  readonly impact: string
  /** Headers that carry the vendor's signature, for the documents. */
  readonly signedBy?: readonly string[]
  /** Reads the event out of the raw bytes; `header` answers one that came once. Undefined: the signature does not hold. */
  readonly verify: (raw: Buffer, header: (name: string) => string | undefined) => Promise<VendorMessage | undefined>
  /** Whether an event tells what we know already: it is then filed at once and bothers no worker. */
  readonly isKnown: (event: VendorMessage) => Promise<boolean>
}

export function webhook(facts: WebhookFacts): WebhookDeclaration {
  const { name, path, vendor, impact, signedBy = [] } = facts
  const handle: HttpFunction = async (request, response) => {
    leaveFrameworkDomain()
    const requestId = requestIdOf(request)
    try {
      if (request.method !== 'POST') throw new Failure('NOT_FOUND')
      const raw = request.rawBody
      if (announcedOf(request).isTooLarge || (raw?.length ?? 0) > bodyBytesMax()) throw new Failure('PAYLOAD_TOO_LARGE')
      const event = raw === undefined ? undefined : await facts.verify(raw, (header) => onceIn(request.headers[header]))
      if (event === undefined) {
        log.warn('webhook signature refused', { function: name, requestId, vendor, metric: 'signature_failures' })
        await noteBadSignature(vendor).catch((error: unknown) => log.warn('a bad signature could not be counted', { vendor, why: String(error) }))
        throw new Failure('UNAUTHORIZED', { message: 'The signature is not valid.' })
      }
      const known = await facts.isKnown(event).catch(() => false)
      const stored = await storeEvent(vendor, event, known ? 'applied' : 'pending')
      if (stored === 'new' && !known) await nudgeInbox(vendor, [event])
      send(response, { status: 200, body: { received: true } }, requestId)
    } catch (error) {
      sendFailure(response, error, { requestId, function: name })
    }
  }
  return { kind: 'webhook', name, path, vendor, impact, signedBy, timeoutSeconds: 30, handle }
}

/** A header that came twice is none that a vendor sends. */
function onceIn(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined
}
