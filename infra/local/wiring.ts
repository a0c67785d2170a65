/**
 * Makes the cloud's topics, subscriptions and scheduled jobs from the declarations, as Terraform does in production:
 * one topic for each name, for every message function a push subscription with a dead-letter topic of its own.
 *
 * A subscription or a job whose function is gone goes too, or its messages would be tried for ever.
 */
import type { Declaration, MessageDeclaration, ScheduleDeclaration } from '../../shared/entry/declaration.ts'
import { REGION } from '../build/firebase.ts'
import type { PubSub } from './pubsub/pubsub.ts'
import type { JobWish, Scheduler } from './scheduler.ts'

/** The shortest that Scheduler takes. */
const ATTEMPT_SECONDS_MIN = 15

export function wireFunctions(
  declarations: readonly Declaration[],
  { pubsub, scheduler }: { readonly pubsub: PubSub; readonly scheduler: Scheduler },
  paused = false,
): void {
  const messages = declarations.filter((declaration) => declaration.kind === 'message')
  for (const topic of new Set(messages.map((message) => message.topic))) pubsub.addTopic(topic)
  for (const message of messages) subscribe(message, pubsub)
  for (const { name, push } of pubsub.catalogue.subscriptions()) {
    const functionName = functionOf(name)
    const known = messages.some((message) => message.name === functionName)
    if (push?.pushEndpoint === endpointOf(functionName) && !known) pubsub.catalogue.deleteSubscription(name)
  }
  const schedules = declarations.filter((declaration) => declaration.kind === 'schedule')
  for (const schedule of schedules) scheduler.add({ ...jobOf(schedule), paused })
  for (const { job } of scheduler.list(`projects/${pubsub.projectId}/locations/${REGION}`)) {
    const functionName = functionOf(job.name)
    const known = schedules.some((schedule) => schedule.name === functionName)
    if (job.target.url === endpointOf(functionName) && !known) scheduler.delete(job.name)
  }
}

/** The function behind the full name of a subscription or a job. */
export function functionOf(fullName: string): string {
  return fullName.split('/').at(-1) ?? fullName
}

function subscribe(message: MessageDeclaration, pubsub: PubSub): void {
  const dead = `${message.name}-dead`
  pubsub.addTopic(dead)
  pubsub.addSubscription({ name: dead, topic: dead })
  pubsub.addSubscription({
    name: message.name,
    topic: message.topic,
    pushEndpoint: endpointOf(message.name),
    ackDeadlineSeconds: message.ackDeadlineSeconds,
    deadLetter: { topic: dead, attemptsMax: message.deliveryAttemptsMax },
    backoffSeconds: message.backoffSeconds,
    ...(message.filter === undefined ? {} : { filter: message.filter }),
  })
}

function jobOf({ name, cron, timeZone, timeoutSeconds }: ScheduleDeclaration): JobWish {
  const attemptDeadlineMs = Math.max(timeoutSeconds, ATTEMPT_SECONDS_MIN) * 1000
  return { name, cron, timeZone: timeZone ?? 'UTC', url: endpointOf(name), attemptDeadlineMs }
}

/** An address that exists only as a name: the router finds the instance. */
function endpointOf(functionName: string): string {
  return `https://${functionName}.run.invalid/`
}
