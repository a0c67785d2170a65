/** Ending campaigns to whoever has the link of a campaign mail. */
import { holdFor, type MailAddress } from '#domain/mail-address.ts'
import { addressesOf } from '#domain/mail-record.ts'
import { now } from '#platform/clock.ts'
import { revise } from '#platform/firestore.ts'
import { addressId, holding, readAddress } from './mail-addresses.ts'
import { listMailsOf } from './mails.ts'

/** Whether campaigns go to whoever a name leads to. */
export async function getsCampaigns(id: string): Promise<boolean> {
  return holdFor(await readAddress(id), true) === undefined
}

/** Safe to ask for again. */
export async function endCampaigns(id: string): Promise<MailAddress[]> {
  const spelling = await lastSpelling(id)
  const hold = { reason: 'link', sinceMs: now(), mailId: null } as const
  return revise(async (unit) => (await holding(unit, [{ id, scope: 'campaigns', hold, spelling }]))())
}

/** How somebody was last written to, for staff; undefined when no mail to him is known any more. */
async function lastSpelling(id: string): Promise<string | undefined> {
  const [mail] = (await listMailsOf(id, { limit: 1 })).mails
  return mail === undefined ? undefined : [...addressesOf(mail.to), ...(mail.cc ?? []), ...(mail.bcc ?? [])].find((address) => addressId(address) === id)
}
