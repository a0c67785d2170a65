/**
 * Puts dead letters back at the start of their schedule, vendor events and mails (vendor `mail`): those that are named, or
 * all that a filter finds.
 *
 * The first batch goes with the request's own commit, the rest is worked through by `on-replay-accepted`, of which the
 * answer tells how to watch it. An event is put back only while it is dead, in the commit that counts it: a second
 * click, a second admin or a retry at the same moment finds it put back and is told so. Nothing named is passed over.
 */
import { z } from 'zod'
import { newId } from '#values/ids.ts'
import { idField } from '#values/schema.ts'
import { countShown, listOf } from '#values/shown.ts'
import { replayView, type ReplayFilter } from '#domain/replay.ts'
import { RefusedShown, ReplayShown } from '#domain/shown/operations.ts'
import { countDeadBy, listDead, nudgeLetters } from '#stores/dead-letters.ts'
import { acceptReplay, nudgeReplay, wouldRefuse, type Worked } from '#stores/replays.ts'
import type { Reply } from '#entry/answer.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'
import { replayFilter, replayWish } from '#entry/replay.ts'

const IDS_MAX = 10_000
/** A dry run names so many. */
const SHOWN_MAX = 100

/** Its time is when the event was first seen, or the mail queued. */
const Filter = replayFilter({
  vendor: idField.optional(),
  type: z.string().min(1).max(200).optional(),
  status: z.literal('dead', { error: 'must be "dead": nothing else can be replayed' }).optional(),
})

const Wish = replayWish(Filter, IDS_MAX)

const DryRunShown = z.object({ wouldReplay: countShown, wouldRefuse: countShown, ids: listOf(z.string()), refused: listOf(RefusedShown) })
type DryRun = z.input<typeof DryRunShown>

export const replayDeadLetters = endpoint({
  name: 'replay-dead-letters',
  path: '/api/admin/dead-letters/replay',
  impact: 'Vendor events that were given up stay unapplied, mails unsent.',
  POST: route({
    who: ['support', 'admin'],
    summary: 'Replay dead letters, named or by filter',
    body: Wish,
    reply: z.object({ replay: ReplayShown, refused: listOf(RefusedShown), watch: z.string() }),
    also: { 200: z.object({ dryRun: DryRunShown }) },
    status: 202,
    idempotent: true,
    run,
  }),
})

async function run(call: Call<z.output<typeof Wish>, unknown>): Promise<Reply> {
  const { body, caller } = call
  const { ids } = body
  const filter = body.filter === undefined ? null : filterOf(body.filter)
  if (body.dryRun) return { status: 200, body: { dryRun: ids === undefined ? await foundBy(filter ?? {}) : await foundIn(ids) } }
  const accepted = ids?.length ?? (await countDeadBy(filter ?? {}))
  const wish = { id: newId('rpl'), requestedBy: whoIs(caller), reason: body.reason, filter, accepted }
  let taken: Worked | undefined
  const reply = await call.once(async (unit) => {
    const worked = await acceptReplay(unit, wish, ids)
    taken = worked.isNew ? worked : taken
    return { replay: replayView(worked.replay), refused: worked.refused, watch: `/api/admin/dead-letters/replays/${wish.id}` }
  })
  if (taken !== undefined) await nudgeLetters(taken.putBack)
  if (taken?.replay.state === 'running') await nudgeReplay(wish.id)
  return reply
}

function filterOf({ vendor, type, from, to }: z.output<typeof Filter>): ReplayFilter {
  return { vendor, type, fromMs: from, toMs: to }
}

async function foundBy(filter: ReplayFilter): Promise<DryRun> {
  const { letters } = await listDead({ ...filter, limit: SHOWN_MAX })
  return { wouldReplay: await countDeadBy(filter), wouldRefuse: 0, ids: letters.map(({ id }) => id), refused: [] }
}

async function foundIn(ids: readonly string[]): Promise<DryRun> {
  const refused = await wouldRefuse(ids)
  const known = new Set(refused.map(({ id }) => id))
  const dead = ids.filter((id) => !known.has(id))
  const shown = { ids: dead.slice(0, SHOWN_MAX), refused: refused.slice(0, SHOWN_MAX) }
  return { wouldReplay: dead.length, wouldRefuse: refused.length, ...shown }
}
