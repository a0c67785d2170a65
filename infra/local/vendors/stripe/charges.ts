/** What may be said about a charge after the fact: words, never money. */
import type { Account } from './account.ts'
import { emailOf } from './customers.ts'
import { previous } from './event-log.ts'
import type { Fields } from './fields.ts'
import type { Charge } from './kept.ts'
import { notFound } from './refusal.ts'

export function updateCharge(account: Account, id: string, fields: Fields): Charge {
  const charge = account.charges.get(id)
  if (charge === undefined) throw notFound('charge', id)
  const patch: Partial<Charge> = {
    ...(fields.has('description') ? { description: fields.clearable('description') ?? null } : {}),
    ...(fields.has('metadata') ? { metadata: fields.metadata(charge.metadata) ?? {} } : {}),
    ...(fields.has('receipt_email') ? { receipt_email: emailOf(fields, 'receipt_email') } : {}),
  }
  const after = account.charges.change(id, patch)
  account.eventLog.happened('charge.updated', after, previous(charge, patch))
  return after
}
