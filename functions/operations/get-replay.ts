/** Says how far a replay of dead letters has come, and which of the named events it refused and why, a page at a time. */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { replayView } from '#domain/replay.ts'
import { RefusedShown, ReplayShown } from '#domain/shown/operations.ts'
import { listRefused, readReplay } from '#stores/replays.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const getReplay = endpoint({
  name: 'get-replay',
  path: '/api/admin/dead-letters/replays/:replayId',
  impact: 'Staff cannot see what became of a replay.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'How far a replay has come',
    query: z.strictObject({ cursor: z.string().regex(/^\d{1,6}$/, 'is not one of ours').optional() }),
    reply: z.object({ replay: ReplayShown, refused: listOf(RefusedShown), nextCursor: cursorShown }),
    run: async ({ params, query }) => {
      const replay = await readReplay(params['replayId'] ?? '')
      if (replay === undefined) throw new Failure('NOT_FOUND')
      return { replay: replayView(replay), ...(await listRefused(replay.id, query.cursor)) }
    },
  }),
})
