/**
 * `npm run verify-audit -- [--day 2026-11-20 [--event ID]] [--url http://localhost:8080] [--key KEY] [--trust HASH]`: proves
 * that the audit trail was not altered, one line a day; exits 1 when anything differs.
 *
 * With `--url` it reads a running local cloud. Without, it reads the project that GCP_PROJECT_ID names, with the
 * credentials of whoever runs it: reading Firestore and BigQuery is all it needs, and nothing of the shop answers for
 * itself. `--key`, once for each: only these public keys are trusted, as they were noted down; without it those that the
 * shop's store names, which whoever rewrites it may have exchanged. `--trust`: a seal noted down earlier must be in the
 * chain, which proves that nobody rewrote the whole of it. `--event`, with `--day`: prints the proof that this event is in the day's seal.
 */
import { verifyAudit } from './command.ts'

/** Whoever verifies is told what only the log is told otherwise: why a store did not answer. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { reason } = error as { reason?: string }
  return reason === undefined ? error.message : `${error.message} (${reason})`
}

try {
  const isWell = await verifyAudit(process.argv.slice(2), (line) => void process.stdout.write(`${line}\n`))
  if (!isWell) process.exitCode = 1
} catch (error) {
  process.stderr.write(`${describe(error)}\n`)
  process.exitCode = 1
}
