/** Reviews: payments that went through but look risky, until a person approves them. */
import type { Account } from './account.ts'
import type { Review } from './kept.ts'
import { notFound, unexpectedState } from './refusal.ts'

export function approveReview(account: Account, id: string): Review {
  const review = account.reviews.get(id)
  if (review === undefined) throw notFound('review', id)
  if (!review.open) throw unexpectedState(`Review ${id} has been closed.`)
  const after = account.reviews.change(id, { closed_reason: 'approved', open: false, reason: 'approved' })
  if (review.payment_intent !== undefined) account.paymentIntents.change(review.payment_intent, { review: null })
  if (review.charge !== null) account.charges.change(review.charge, { review: null })
  account.eventLog.happened('review.closed', after, { open: true })
  return after
}
