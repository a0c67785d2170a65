/**
 * How the local cloud itself declares a subscription: the few settings a function's declaration has, put into
 * the form a client would send, so that both go through the same rules.
 */
import type { WireSubscription } from './rules.ts'

/** Names are short (`orders`) or full (`projects/P/topics/orders`). The subscription never expires. */
export interface SubscriptionWish {
  readonly name: string
  readonly topic: string
  /** Absent: a pull subscription. */
  readonly pushEndpoint?: string
  readonly filter?: string
  readonly ackDeadlineSeconds?: number
  readonly ordered?: boolean
  readonly deadLetter?: { readonly topic: string; readonly attemptsMax: number }
  readonly backoffSeconds?: { readonly min: number; readonly max: number }
}

export function fullName(name: string, kind: 'topics' | 'subscriptions', projectId: string): string {
  return name.includes('/') ? name : `projects/${projectId}/${kind}/${name}`
}

export function wireOf(wish: SubscriptionWish, projectId: string): WireSubscription {
  const { pushEndpoint, ackDeadlineSeconds, deadLetter, backoffSeconds } = wish
  return {
    name: fullName(wish.name, 'subscriptions', projectId),
    topic: fullName(wish.topic, 'topics', projectId),
    expirationPolicy: {},
    enableMessageOrdering: wish.ordered === true,
    filter: wish.filter ?? '',
    ...(pushEndpoint !== undefined && { pushConfig: { pushEndpoint } }),
    ...(ackDeadlineSeconds !== undefined && { ackDeadlineSeconds }),
    ...(deadLetter && {
      deadLetterPolicy: {
        deadLetterTopic: fullName(deadLetter.topic, 'topics', projectId),
        maxDeliveryAttempts: deadLetter.attemptsMax,
      },
    }),
    ...(backoffSeconds && {
      retryPolicy: { minimumBackoff: { seconds: backoffSeconds.min }, maximumBackoff: { seconds: backoffSeconds.max } },
    }),
  }
}
