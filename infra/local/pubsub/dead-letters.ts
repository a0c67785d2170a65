/**
 * What becomes of a message that is given up: a copy for the dead-letter topic that tells where it came from,
 * and a note that stays readable even when nobody subscribes to that topic.
 */
import type { Entry } from './backlog.ts'
import type { DeadLetter, Subscription } from './records.ts'
import type { WireMessage } from './rules.ts'

export function copyFor({ message, debt }: Entry, subscription: Subscription): WireMessage {
  const [, project, , id] = subscription.name.split('/')
  return {
    data: Buffer.from(message.data, 'base64'),
    orderingKey: message.orderingKey,
    attributes: {
      ...message.attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(debt.failures),
      CloudPubSubDeadLetterSourceSubscription: id ?? '',
      CloudPubSubDeadLetterSourceSubscriptionProject: project ?? '',
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(message.publishedMs).toISOString(),
    },
  }
}

export function noteOf(entry: Entry, subscription: Subscription, reason: DeadLetter['reason'], nowMs: number): DeadLetter {
  const { message, debt } = entry
  return {
    at: new Date(nowMs).toISOString(),
    subscription: subscription.name,
    topic: message.topic,
    ...(subscription.deadLetter && { deadLetterTopic: subscription.deadLetter.topic }),
    messageId: message.id,
    attempts: debt.failures,
    reason,
    data: message.data,
    attributes: message.attributes,
    orderingKey: message.orderingKey,
  }
}
