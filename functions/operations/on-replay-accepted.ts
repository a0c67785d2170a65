/**
 * Works a replay of dead letters through, a batch at a time, and tells the workers of events and mails that are on their
 * schedule again.
 *
 * Safe to run twice: a batch is one transaction with the replay's own record, which says which batch is next. A runner
 * that dies is followed by the message's next delivery, or by the sweep.
 */
import { z } from 'zod'
import { nudgeLetters } from '#stores/dead-letters.ts'
import { nudgeReplay, REPLAY_TOPIC, workReplay } from '#stores/replays.ts'
import { message } from '#entry/message.ts'

/** So many batches fit well into a run; the next run goes on. */
const BATCHES_MAX = 20

export const onReplayAccepted = message({
  name: 'on-replay-accepted',
  topic: REPLAY_TOPIC,
  impact: 'A replay of many dead letters stops after its first batch until the sweep goes on with it.',
  data: z.object({ replayId: z.string() }),
  run: async ({ replayId }) => {
    for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
      const worked = await workReplay(replayId)
      if (worked === undefined) return
      await nudgeLetters(worked.putBack)
      if (worked.replay.state === 'done') return
    }
    await nudgeReplay(replayId)
  },
})
