/**
 * Reminds customers that their age verification ends, once, 30 days before.
 *
 * Safe to run twice: the mail is named after the verification, and is queued in the transaction that strikes the reminder
 * off; whoever has renewed meanwhile is reminded of the new one only.
 */
import type { AgeAccount } from '#domain/age-check.ts'
import { ageAccountIn, remindOfAge } from '#stores/age-checks.ts'
import { dueRecords, lookLater } from '#stores/due.ts'
import { nudgeMails } from '#stores/mails.ts'
import { schedule } from '#entry/schedule.ts'
import { sweep } from '#entry/sweep.ts'

export const sendAgeReminders = schedule({
  name: 'send-age-reminders',
  cron: '*/15 * * * *',
  impact: 'Customers learn at the checkout that their age verification has ended.',
  run: (run) =>
    sweep({
      name: 'send-age-reminders', run, atOnce: 10, counts: ['sent', 'unchanged'],
      take: async (limit) => (await dueRecords('age_verifications', limit)).map((snapshot) => ({ id: snapshot.id, account: ageAccountIn(snapshot) as AgeAccount })),
      finish: ({ account }) => reminded(account),
      putOff: ({ id }) => lookLater('age_verifications', id),
    }),
})

async function reminded(account: AgeAccount): Promise<'sent' | 'unchanged'> {
  const mail = await remindOfAge(account)
  if (mail === undefined) return 'unchanged'
  await nudgeMails([mail])
  return 'sent'
}
