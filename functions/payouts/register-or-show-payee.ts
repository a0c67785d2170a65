/**
 * Registers a payee, or changes where his money goes; shows him.
 *
 * Only a registered payee is ever paid, so that a payout cannot be sent to an account that was merely typed into it. A
 * payout that is under way keeps the account that it was asked for with. Safe to run twice: what is so already is not written.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { payeeView } from '#domain/payee.ts'
import { PayeeShown } from '#domain/shown/books.ts'
import { readPayee, registerPayee } from '#stores/payees.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const Payee = z.strictObject({
  name: z.string().trim().min(1).max(200),
  destination: z.string().regex(/^acct_\w{3,64}$/, 'must be a connected account of the payment service, acct_...'),
  active: z.boolean().default(true),
})
const Shown = z.object({ payee: PayeeShown })

export const registerOrShowPayee = endpoint({
  name: 'register-or-show-payee',
  path: '/api/payees/:payeeId',
  impact: 'New partners cannot be paid.',
  PUT: route({
    who: ['admin'],
    summary: 'Register a payee, or change where his money goes',
    body: Payee,
    reply: Shown,
    run: async ({ body, params }) => ({ payee: payeeView(await registerPayee({ id: params['payeeId'] ?? '', ...body })) }),
  }),
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Show a payee',
    reply: Shown,
    run: async ({ params }) => {
      const payee = await readPayee(params['payeeId'] ?? '')
      if (payee === undefined) throw new Failure('NOT_FOUND', { message: 'Payee not found.' })
      return { payee: payeeView(payee) }
    },
  }),
})
