/**
 * Brings each member what his month brings: the record of a gift or of a raffle entry, and the newsletter if he agreed.
 *
 * It looks every hour at whose month has begun, so that a month that was missed is made up for, and who has just become a
 * member gets his first one soon.
 * Safe to run twice: each benefit is named after membership, month and kind, and written in the commit that puts the
 * member's next month in its place.
 */
import type { Member } from '#domain/member.ts'
import { bringBenefits, membersAwaitingBenefits } from '#stores/member-benefits.ts'
import { schedule } from '#entry/schedule.ts'
import { sweep } from '#entry/sweep.ts'

export const sendMemberBenefits = schedule({
  name: 'send-member-benefits',
  cron: '40 * * * *',
  impact: 'Members do not get the gifts and the newsletter that they pay for.',
  run: (run) =>
    sweep({
      name: 'send-member-benefits', run, atOnce: 8, counts: ['saved', 'unchanged'],
      take: async (limit) => (await membersAwaitingBenefits(limit)).map(({ customerId: id }: Member) => ({ id })),
      finish: async ({ id }) => ((await bringBenefits(id)) === undefined ? 'unchanged' : 'saved'),
    }),
})
