/**
 * Shows a mail: how far it has come, what the provider told of it, until when it is deferred and why, and what it says as
 * long as that is kept.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { wholeMailView } from '#domain/mail-record.ts'
import { WholeMailShown } from '#domain/shown/mail.ts'
import { readMail } from '#stores/mails.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const getEmail = endpoint({
  name: 'get-email',
  path: '/api/emails/:emailId',
  impact: 'Staff cannot see what became of a mail.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'What became of a mail',
    reply: z.object({ email: WholeMailShown }),
    run: async ({ params }) => {
      const mail = await readMail(params['emailId'] ?? '')
      if (mail === undefined) throw new Failure('NOT_FOUND', { message: 'Email not found.' })
      return { email: wholeMailView(mail) }
    },
  }),
})
