/**
 * What every vendor simulator is: an HTTP service by the vendor's contract, state on disk, and what local control may ask of it.
 */
import type { Shelves } from '../disk.ts'
import type { HttpAnswer, HttpService } from '../http-ports.ts'
import type { Timeline } from '../timeline.ts'

export interface VendorContext {
  readonly timeline: Timeline
  readonly shelves: Shelves
  /** Base address of the shop as vendors know it, e.g. `http://127.0.0.1:8080`; webhooks go below it. */
  readonly shopUrl: () => string
  /** A random number source with a seed: what is random at a vendor can be repeated. */
  readonly random: () => number
}

export interface Vendor {
  /** `stripe`, `square`, ...: target in calls and faults, folder under `/_local/vendors`. */
  readonly name: string
  readonly service: HttpService
  /** Requests received, oldest first, newest 10,000: `{at, method, path, idempotencyKey?, body, status, instance}`. No secret in them. */
  requests(): readonly unknown[]
  /** Every object of a type as the vendor would answer it (`payment_intents`, `emails`), oldest first; undefined for an unknown type. */
  objects(type: string): readonly unknown[] | undefined
  /** What a person could do in the vendor's dashboard: `POST /_local/vendors/NAME/<action...>`. */
  control(action: readonly string[], body: unknown): Promise<HttpAnswer> | HttpAnswer
  /** Webhook deliveries that are due now or under way. */
  pending(): number
}
