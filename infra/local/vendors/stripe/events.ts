/** Events as they are asked for: by type, by time, by whether the endpoint took them, 30 days back. */
import type { Account } from './account.ts'
import type { Fields } from './fields.ts'
import type { Event } from './kept.ts'
import { page } from './listing.ts'
import { invalid, notFound } from './refusal.ts'

const TYPES_MAX = 20

export function listEvents(account: Account, fields: Fields, path: string): object {
  const type = fields.text('type')
  const types = fields.list('types')
  if (type !== undefined && types !== undefined) {
    throw invalid('You may only specify one of these parameters: type, types.', { param: 'types' })
  }
  if (types !== undefined && types.length > TYPES_MAX) {
    throw invalid(`You may only specify up to ${TYPES_MAX} types.`, { param: 'types' })
  }
  const delivered = fields.flag('delivery_success')
  const wanted = types ?? (type === undefined ? undefined : [type])
  return page<Event>(account.events, fields, path, {
    where: (event) =>
      !account.eventLog.isGone(event) &&
      (wanted === undefined || wanted.some((pattern) => names(pattern, event.type))) &&
      (delivered === undefined || account.eventLog.delivered(event) === delivered),
  })
}

export function retrieveEvent(account: Account, id: string): Event {
  const event = account.eventLog.recall(account.events.get(id))
  if (event === undefined) throw notFound('event', id)
  return event
}

/** `charge.*` names every type below it. */
function names(pattern: string, type: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type
}
