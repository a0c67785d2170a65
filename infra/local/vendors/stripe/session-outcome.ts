/** How a Checkout Session is completed: by the intent it pays with. Only an open one is, and once. */
import type { Account } from './account.ts'
import type { PaymentIntent, Session, SetupIntent } from './kept.ts'

/** An intent has its money or holds it: the session that owns it is complete, and paid once the money is taken. */
export function followIntent(account: Account, intent: PaymentIntent): void {
  const session = account.sessions.by('payment_intent', intent.id)[0]
  const payment_status = intent.status === 'succeeded' ? 'paid' : 'unpaid'
  if (session?.status === 'open') complete(account, session, { payment_status })
  else if (session?.status === 'complete') account.sessions.change(session.id, { payment_status })
}

export function followSetup(account: Account, setup: SetupIntent): void {
  const session = account.sessions.by('setup_intent', setup.id)[0]
  if (session === undefined || session.status !== 'open') return
  complete(account, session, { payment_status: 'no_payment_required', customer: setup.customer })
}

function complete(account: Account, session: Session, patch: Partial<Session>): void {
  account.agenda.cancel('session_expires', session.id)
  const after = account.sessions.change(session.id, { ...patch, status: 'complete', url: null })
  account.eventLog.happened('checkout.session.completed', after)
}
