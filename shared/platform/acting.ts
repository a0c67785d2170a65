/**
 * Who acts, for the audit trail: each seam says it once, around all that a call does, and the outbox writes it into
 * every audit event of that call. So no function can forget it, and none hands it from hand to hand.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Actor } from '#values/actor.ts'

const acting = new AsyncLocalStorage<Actor>()
const NOBODY: Actor = { who: 'countinghouse', via: 'countinghouse', requestId: null, ip: null }

export function actAs<T>(actor: Actor, work: () => Promise<T>): Promise<T> {
  return acting.run(actor, work)
}

/** Outside of any call it is the shop itself. */
export function whoActs(): Actor {
  return acting.getStore() ?? NOBODY
}
