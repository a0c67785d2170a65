/**
 * The seam of everything that applies a vendor's events.
 *
 * The message names a record of the inbox, which decides: one that is not pending any more was applied or given up, and
 * nothing is left to do. Otherwise `apply` is called, outside any transaction, and closes the record in the commit that
 * takes effect (`markApplied`), or as one that is about nothing of ours (`markIgnored`); two workers may be at it at
 * once. What it throws is logged and puts the event back on the inbox's schedule, so that it blocks no other.
 *
 *     export const onAcmeEvent = vendorEvent({
 *       name: 'on-acme-event', vendor: 'acme', impact: '...',
 *       apply: async ({ record, place }) => { ... },
 *     })
 */
import type { InboxRecord } from '#domain/inbox.ts'
import { readOne, type Doc } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { inboxDoc, inboxNudge, inboxTopic, pendingRecord, putOff } from '#stores/inbox.ts'
import type { MessageDeclaration } from './declaration.ts'
import { message } from './message.ts'

/** An event that waits to be applied. */
export interface VendorEvent {
  readonly record: InboxRecord
  /** Where its record lies, for the commit that closes it. */
  readonly place: Doc
}

interface VendorEventFacts {
  readonly name: string
  readonly vendor: string
  /** By `attributes.type`, where several workers share a vendor's events: each event belongs to one of them. */
  readonly filter?: string
  readonly impact: string
  readonly apply: (event: VendorEvent) => Promise<void>
}

export function vendorEvent({ vendor, apply, ...facts }: VendorEventFacts): MessageDeclaration {
  return message({
    ...facts,
    topic: inboxTopic(vendor),
    data: inboxNudge,
    run: async ({ eventId, attempt }) => {
      const place = await inboxDoc(vendor, eventId)
      try {
        const record = pendingRecord(await readOne(place))
        if (record !== undefined) await apply({ record, place })
      } catch (error) {
        log.error(`${facts.name} could not apply an event`, error, { function: facts.name, eventId })
        await putOff(place, error, attempt)
      }
    },
  })
}
