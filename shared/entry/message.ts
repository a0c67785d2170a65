/**
 * The seam of everything that runs on a Pub/Sub message.
 *
 * A message is only a nudge: it names a record that was committed before it was published. It may come twice, late, or
 * after the sweep did the work; the record decides. So a handler reads its record in its own transaction and does
 * nothing when there is nothing left to do. A handler that throws is called again by Pub/Sub, then dead-lettered;
 * the record stays, and the sweep nudges again.
 */
import type { CloudEvent } from '@google-cloud/functions-framework'
import type { ZodType, z } from 'zod'
import { actAs } from '#platform/acting.ts'
import { leaveFrameworkDomain } from '#platform/framework-domain.ts'
import { log } from '#platform/log.ts'
import type { MessageDeclaration, Resources } from './declaration.ts'

interface MessageFacts<Data extends ZodType> {
  readonly name: string
  readonly topic: string
  readonly filter?: string
  readonly impact: string
  readonly data: Data
  readonly ackDeadlineSeconds?: number
  readonly resources?: Partial<Resources>
  readonly run: (data: z.output<Data>) => Promise<void>
}

export function message<Data extends ZodType>(facts: MessageFacts<Data>): MessageDeclaration {
  const { name, topic, impact, filter, resources, ackDeadlineSeconds = 60 } = facts
  const handle = async (event: CloudEvent<unknown>): Promise<void> => {
    leaveFrameworkDomain()
    const parsed = facts.data.safeParse(payloadOf(event))
    if (!parsed.success) {
      // It will never become readable: keeping it would only block the queue. The record it named is swept.
      log.error(`${name} cannot read a message`, parsed.error, { function: name, messageId: event.id })
      return
    }
    try {
      await actAs({ who: name, via: name, requestId: event.id, ip: null }, () => facts.run(parsed.data))
    } catch (error) {
      log.error(`${name} failed`, error, { function: name, messageId: event.id })
      throw error
    }
  }
  return {
    kind: 'message', name, topic, impact, ackDeadlineSeconds, timeoutSeconds: ackDeadlineSeconds, deliveryAttemptsMax: 5,
    backoffSeconds: { min: 10, max: 600 }, handle,
    ...(filter === undefined ? {} : { filter }), ...(resources === undefined ? {} : { resources }),
  }
}

/** The JSON in a push envelope; undefined when there is none. */
function payloadOf(event: CloudEvent<unknown>): unknown {
  const data = (event.data as { message?: { data?: unknown } } | undefined)?.message?.data
  if (typeof data !== 'string') return undefined
  try {
    return JSON.parse(Buffer.from(data, 'base64').toString('utf8'))
  } catch {
    return undefined
  }
}
