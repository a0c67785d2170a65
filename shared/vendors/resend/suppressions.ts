/** Resend's own list of addresses that get no mail: what a person lifts with us must be lifted there as well. */
import { Failure } from '#values/failure.ts'
import { askResend } from './mailer.ts'

/**
 * Safe to call twice: an address that is not on the list is fine.
 * @throws Failure SERVICE_UNAVAILABLE when Resend did not do it
 */
export async function liftAtResend(addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const answer = await askResend({ method: 'DELETE', path: `/suppressions/${encodeURIComponent(address)}` })
    const isGone = !answer.lost && (answer.status === 200 || answer.status === 404)
    const reason = answer.lost ? answer.reason : `resend ${answer.status}`
    if (!isGone) throw new Failure('SERVICE_UNAVAILABLE', { message: 'The mail provider did not lift it. Please try again.', reason })
  }
}
