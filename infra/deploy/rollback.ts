/**
 * `npm run rollback -- --project P [--dry-run]`: sets every function of the newest release back to the bundle it had
 * before. Run again, it takes back the release before that one. Stopped half-way, it goes on when it is run again.
 */
import { commitNow, readCommand, report, run, say } from './command.ts'
import { rollBack, shortOf } from './deploy.ts'
import { Releases } from './releases.ts'

await run(async () => {
  const { google, isDryRun } = readCommand('npm run rollback -- --project P [--dry-run]')
  if (isDryRun) {
    const { toUndo } = await Releases.read(google)
    for (const [name, { to, from }] of Object.entries(toUndo?.functions ?? {})) say(`back ${name}: ${shortOf(to)} -> ${shortOf(from ?? to)}`)
    return say(toUndo === undefined ? 'There is no release to take back.' : `release ${toUndo.id} of ${toUndo.commit}`)
  }
  const outcome = await rollBack(google, { commit: await commitNow(), nowMs: Date.now() }, say)
  say(`took back the release ${outcome.undid}`)
  report(outcome, 'set back')
})
