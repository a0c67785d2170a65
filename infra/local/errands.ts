/**
 * Requests that the cloud itself makes of functions: events pushed by Pub/Sub, jobs fired by the Scheduler.
 * They are counted while under way, so that a drain can wait for them.
 */
import type { Declaration } from '../../shared/entry/declaration.ts'
import type { InstanceAnswer, InstanceRequest } from './instances.ts'
import type { Deliver } from './pubsub/pubsub.ts'
import type { Fire } from './scheduler.ts'
import { functionOf } from './wiring.ts'

type Send = (functionName: string, request: InstanceRequest, timeoutMs: number) => Promise<InstanceAnswer>

const SECONDS_DEFAULT = 60

export class Errands {
  readonly #send: Send
  readonly #declarations: ReadonlyMap<string, Declaration>
  #underWay = 0

  constructor(send: Send, declarations: readonly Declaration[]) {
    this.#send = send
    this.#declarations = new Map(declarations.map((declaration) => [declaration.name, declaration]))
  }

  get underWay(): number {
    return this.#underWay
  }

  /** What the platform gives a function. */
  readonly timeoutSecondsOf = (functionName: string): number =>
    this.#declarations.get(functionName)?.timeoutSeconds ?? SECONDS_DEFAULT

  /** Pushes an event to the function behind a subscription. */
  readonly deliver: Deliver = async (subscription, event, timeoutMs) => {
    const name = functionOf(subscription)
    const limitMs = Math.min(timeoutMs, this.timeoutSecondsOf(name) * 1000)
    return (await this.#ask(name, { method: 'POST', path: '/', ...event }, limitMs)).status
  }

  /** Runs a scheduled function; the answer is its tally. */
  readonly fire: Fire = async (name, headers, { method, body }) => {
    const request = { method, path: '/', headers, body }
    const answer = await this.#ask(name, request, this.timeoutSecondsOf(name) * 1000)
    return { status: answer.status, body: parsed(answer) }
  }

  async #ask(name: string, request: InstanceRequest, timeoutMs: number): Promise<InstanceAnswer> {
    this.#underWay += 1
    try {
      return await this.#send(name, request, timeoutMs)
    } finally {
      this.#underWay -= 1
    }
  }
}

function parsed({ body }: InstanceAnswer): unknown {
  const text = body.toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
