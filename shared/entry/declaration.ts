/**
 * The shapes that every function's declaration takes. All that is derived from `functions/index.ts` (rewrites,
 * wiring of the local cloud, OpenAPI, alarms) reads these and nothing else.
 */
import type { CloudEvent, HttpFunction } from '@google-cloud/functions-framework'
import type { ZodType } from 'zod'
import type { FailureCode } from '#values/failure.ts'

export const ROLES = ['customer', 'scanner', 'viewer', 'support', 'admin', 'organisation', 'organiser'] as const
export type Role = (typeof ROLES)[number]
export const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const
export type Method = (typeof METHODS)[number]

/** Who may call: a list of roles, or anybody. */
export type Who = 'public' | readonly Role[]

/** What its instances have, as numbers with their units. */
export interface Resources {
  /** vCPUs. With less than one an instance takes one request at a time. */
  readonly cpu: number
  readonly memoryMib: number
  /** Requests that one instance takes at once. */
  readonly concurrency: number
  /** Kept warm while nobody calls. */
  readonly instancesMin: number
  readonly instancesMax: number
}

export interface Common {
  /** Kebab-case; the name of the file, the deployment and the alarm. */
  readonly name: string
  /** One sentence: what the business loses when this fails. */
  readonly impact: string
  /** Seconds after which the platform gives a run up. */
  readonly timeoutSeconds: number
  /** Where it needs something else than its kind gets (`infra/build/resources.ts`). */
  readonly resources?: Partial<Resources>
}

/** One method of an endpoint, as far as documents and tests need it. */
export interface RouteDeclaration {
  readonly who: Who
  readonly summary: string
  readonly body?: ZodType
  readonly query?: ZodType
  readonly reply: ZodType
  /** Other good answers, by their status: not finished yet, or only tried out. */
  readonly also?: Readonly<Partial<Record<number, ZodType>>>
  /** Codes of this work, beside those that follow from what is declared (`infra/build/failures.ts`). */
  readonly fails?: readonly FailureCode[]
  /** What is sent is not read, whatever it is: the address says it all. For forms and mail programs. */
  readonly anyBody?: boolean
  /** The answer is a page, not JSON. */
  readonly page?: boolean
  readonly status: number
  readonly idempotent: boolean
}

export interface EndpointDeclaration extends Common {
  readonly kind: 'endpoint'
  /** `/api/orders/:orderId/refunds`. */
  readonly path: string
  readonly routes: Partial<Record<Method, RouteDeclaration>>
  readonly handle: HttpFunction
}

export interface WebhookDeclaration extends Common {
  readonly kind: 'webhook'
  readonly path: string
  readonly vendor: string
  /** Headers that carry the vendor's signature. */
  readonly signedBy?: readonly string[]
  readonly handle: HttpFunction
}

export interface ScheduleDeclaration extends Common {
  readonly kind: 'schedule'
  /** Unix cron, in UTC unless `timeZone` says otherwise. */
  readonly cron: string
  readonly timeZone?: string
  /** Answers the run's tally as JSON. */
  readonly handle: HttpFunction
}

export interface MessageDeclaration extends Common {
  readonly kind: 'message'
  readonly topic: string
  /** Pub/Sub filter on attributes, e.g. `attributes.type = "order.paid"`. */
  readonly filter?: string
  /** Seconds; also the push timeout. 10 to 600. */
  readonly ackDeadlineSeconds: number
  /** Deliveries before the message goes to the dead-letter topic, 5 to 100. */
  readonly deliveryAttemptsMax: number
  /** Wait before a redelivery, in seconds. */
  readonly backoffSeconds: { readonly min: number; readonly max: number }
  readonly handle: (event: CloudEvent<unknown>) => Promise<void>
}

export type Declaration = EndpointDeclaration | WebhookDeclaration | ScheduleDeclaration | MessageDeclaration
