/** What `npm run verify-audit` does, whoever calls it. */
import { parseArgs } from 'node:util'
import { dayAfter, keyIdOf, startOf } from '../../shared/domain/audit-seal.ts'
import { proofOf } from '../../shared/domain/merkle.ts'
import { verdicts, type Trail, type Verdict } from './verification.ts'

const USAGE = 'npm run verify-audit -- [--day YYYY-MM-DD [--event ID]] [--url http://localhost:8080] [--key KEY] [--trust HASH]'
const FAULTS_SHOWN_MAX = 1_000
const SEALS_PAGE = 100
/** A day is sealed within an hour of its end; a day more is given to what holds it up. */
const OVERDUE_MS = 25 * 3_600_000

type Say = (line: string) => void

/**
 * @returns whether nothing differs
 * @throws Error that says what cannot be answered
 */
export async function verifyAudit(args: string[], say: Say): Promise<boolean> {
  const { values } = parseArgs({
    args,
    options: { day: { type: 'string' }, url: { type: 'string' }, key: { type: 'string', multiple: true }, trust: { type: 'string' }, event: { type: 'string' } },
  })
  const { day, url, key, trust, event } = values
  if (day !== undefined && Number.isNaN(startOf(day))) throw new Error(`--day is a date such as 2026-11-20. ${USAGE}`)
  if (event !== undefined && day === undefined) throw new Error(`Say of which day the event is. ${USAGE}`)
  const nowMs = url === undefined ? Date.now() : await connectTo(url)
  if (process.env['GCP_PROJECT_ID'] === undefined) throw new Error(`Set GCP_PROJECT_ID, or name a running local cloud: ${USAGE}`)
  const trail = await readTrail(key)
  if (day !== undefined && !trail.seals.some((seal) => seal.day === day)) throw new Error(`${day} is not sealed.`)
  if (event !== undefined) {
    say(JSON.stringify(await inclusion(trail, day ?? '', event), null, 2))
    return true
  }
  let faults = 0
  for await (const verdict of verdicts(trail, day)) faults += tell(verdict, say)
  faults += tellOfChain(trail, { trust, nowMs }, say)
  return faults === 0
}

/** Where a local cloud keeps its stores; the clock it goes by. */
async function connectTo(url: string): Promise<number> {
  const answer = await fetch(new URL('/_local', url)).catch(() => {
    throw new Error(`No local cloud answers at ${url}. Start it with "npm start" first.`)
  })
  const { services, now } = (await answer.json()) as { services: Record<string, string>; now: string }
  const { PROJECT_ID } = await import('../local/servers.ts')
  Object.assign(process.env, services, { GCP_PROJECT_ID: PROJECT_ID, METADATA_SERVER_DETECTION: 'none' })
  return Date.parse(now)
}

async function readTrail(trusted: readonly string[] | undefined): Promise<Trail> {
  const { leavesOf, listSealKeys, listSeals } = await import('../../shared/stores/audit.ts')
  const { eventRows, eventRowsNamed, publishedSeals } = await import('../../shared/stores/audit-events.ts')
  const seals = []
  for (let before: string | undefined; ; before = seals.at(-1)?.day) {
    const page = await listSeals({ before, limit: SEALS_PAGE })
    seals.push(...page)
    if (page.length < SEALS_PAGE) break
  }
  const keys = new Map((trusted ?? (await listSealKeys()).map(({ publicKey }) => publicKey)).map((publicKey) => [keyIdOf(publicKey), publicKey]))
  return { seals: seals.reverse(), keys, published: await publishedSeals(), leavesOf, rowsOf: eventRows, rowsNamed: eventRowsNamed }
}

async function inclusion({ seals, leavesOf }: Trail, day: string, id: string): Promise<Record<string, unknown>> {
  const leaves = await leavesOf(day)
  const index = leaves.findIndex((leaf) => leaf.id === id)
  if (index < 0) throw new Error(`Event ${id} is not among those sealed on ${day}.`)
  const proof = proofOf(leaves.map(({ hash }) => hash), index)
  return { event: id, leaf: leaves[index]?.hash, index, size: leaves.length, proof, root: seals.find((seal) => seal.day === day)?.root }
}

/** @returns how many faults there were */
function tell({ day, events, root, seal, faults }: Verdict, say: Say): number {
  say(`${day} ${faults.length === 0 ? 'ok' : 'DIFFERS'} ${events} events root ${root} seal ${seal}`)
  for (const fault of faults.slice(0, FAULTS_SHOWN_MAX)) say(`  ${fault}`)
  if (faults.length > FAULTS_SHOWN_MAX) say(`  and ${faults.length - FAULTS_SHOWN_MAX} more`)
  return faults.length
}

function tellOfChain({ seals, published }: Trail, { trust, nowMs }: { trust: string | undefined; nowMs: number }, say: Say): number {
  const last = seals.at(-1)
  const overdue = last !== undefined && startOf(dayAfter(last.day, 2)) + OVERDUE_MS < nowMs
  const gone = [...published.keys()].filter((day) => !seals.some((seal) => seal.day === day)).sort()
  const faults = [
    ...(trust === undefined || seals.some(({ hash }) => hash === trust) ? [] : [`SEALS REPLACED: none of them is ${trust}`]),
    ...(overdue ? [`NOT SEALED: ${dayAfter(last.day)} and later`] : []),
    ...gone.map((day) => `SEAL MISSING: the warehouse holds one of ${day}, the shop does not`),
  ]
  if (last === undefined && faults.length === 0) say('Nothing is sealed yet.')
  for (const fault of faults) say(fault)
  return faults.length
}
