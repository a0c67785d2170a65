/**
 * Gives functions their bundles: only those whose bundle is another one, ten at a time. One that fails is named, and the
 * others go on.
 *
 * Safe to stop at any moment and to start again: what runs already is left alone, what is still being built is waited
 * for, and what it was before stays on record. Functions themselves (identity, secrets, triggers) are Terraform's.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { atOnce } from '../bench/figures.ts'
import { GoogleRefusal, GoogleSilence, type DeployedFunction, type Google } from './google.ts'
import { Releases, type Given, type Release } from './releases.ts'

/** A bundle as it was built. */
export interface Wanted {
  readonly name: string
  readonly hash: string
  readonly zip: () => Promise<Buffer>
}

export interface Plan {
  readonly changed: ReadonlyArray<{ readonly name: string; readonly from: string | null; readonly to: string }>
  readonly unchanged: readonly string[]
  /** Built, and not there: `terraform apply` makes them. */
  readonly missing: readonly string[]
  /** There, and not built any more: `terraform apply` removes them. */
  readonly unknown: readonly string[]
}

export interface Outcome {
  readonly done: readonly string[]
  readonly failed: ReadonlyArray<{ readonly name: string; readonly why: string }>
}

export type Tell = (line: string) => void

const AT_ONCE = 10
/** Giving it again after an answer was lost, or after somebody else's operation ended in its way. */
const GIVEN_MAX = 5

export function objectOf(name: string, hash: string): string {
  return `${name}/${hash}.zip`
}

/** A bundle as people tell it from another. */
export function shortOf(object: string | null): string {
  return object?.split('/')[1]?.slice(0, 12) ?? 'nothing'
}

/** What a deployment would do. A function that is not active did not get what it was given. */
export function planOf(wanted: readonly Wanted[], deployed: readonly DeployedFunction[]): Plan {
  const there = new Map(deployed.map((one) => [one.name, one]))
  const known = new Set(wanted.map(({ name }) => name))
  const found = wanted.flatMap(({ name, hash }) => {
    const one = there.get(name)
    return one === undefined ? [] : [{ name, from: one.object ?? null, to: objectOf(name, hash), runs: one.state === 'ACTIVE' && one.object === objectOf(name, hash) }]
  })
  return {
    changed: found.filter(({ runs }) => !runs).map(({ name, from, to }) => ({ name, from, to })),
    unchanged: found.filter(({ runs }) => runs).map(({ name }) => name),
    missing: wanted.filter(({ name }) => !there.has(name)).map(({ name }) => name),
    unknown: deployed.filter(({ name }) => !known.has(name)).map(({ name }) => name),
  }
}

export async function deploy(google: Google, wanted: readonly Wanted[], facts: { readonly commit: string; readonly nowMs: number }, tell: Tell): Promise<Outcome> {
  const releases = await Releases.read(google)
  const { open } = releases
  if (open !== undefined && open.undoes !== null) throw new Error('A rollback is not finished: run "npm run rollback" again first.')
  const { changed, missing } = planOf(wanted, await google.functions())
  if (changed.length === 0 && open === undefined) return { done: [], failed: missingOf(missing) }
  const release = goneOnWith(open, changed, facts)
  await releases.write(release)
  const names = new Set(changed.map(({ name }) => name))
  await atOnce(wanted.filter(({ name }) => names.has(name)), AT_ONCE, async ({ name, hash, zip }) => google.putOnce(objectOf(name, hash), await zip()))
  const outcome = await giveAll(google, changed, tell)
  if (outcome.failed.length === 0) await releases.write({ ...release, finishedAt: new Date(facts.nowMs).toISOString() })
  return { done: outcome.done, failed: [...outcome.failed, ...missingOf(missing)] }
}

/** Puts the bundles where Terraform finds them when it makes the functions. */
export async function upload(google: Google, wanted: readonly Wanted[]): Promise<void> {
  await atOnce(wanted, AT_ONCE, async ({ name, hash, zip }) => google.putOnce(objectOf(name, hash), await zip()))
}

/** Sets every function of the newest release back to what it was before it; again, to what was before the one before. */
export async function rollBack(google: Google, facts: { readonly commit: string; readonly nowMs: number }, tell: Tell): Promise<Outcome & { readonly undid: string }> {
  const releases = await Releases.read(google)
  const begun = releases.open?.undoes === null ? undefined : releases.open
  const undone = begun === undefined ? releases.toUndo : undefined
  if (begun === undefined && undone === undefined) throw new Error('There is no release to take back.')
  const release = begun ?? takingBack(undone as Release, facts)
  // What is taken back is not gone on with: its release is closed by the same word.
  if (undone?.finishedAt === null) await releases.write({ ...undone, finishedAt: new Date(facts.nowMs).toISOString() })
  await releases.write(release)
  const deployed = new Map((await google.functions()).map((one) => [one.name, one]))
  const steps = Object.entries(release.functions).map(([name, { to, from }]) => ({ name, to, from }))
  const runs = (step: { name: string; to: string }): boolean => deployed.get(step.name)?.state === 'ACTIVE' && deployed.get(step.name)?.object === step.to
  const outcome = await giveAll(google, steps.filter((step) => !runs(step)), tell)
  if (outcome.failed.length === 0) await releases.write({ ...release, finishedAt: new Date(facts.nowMs).toISOString() })
  return { ...outcome, undid: release.undoes ?? '' }
}

function goneOnWith(open: Release | undefined, changed: Plan['changed'], { commit, nowMs }: { commit: string; nowMs: number }): Release {
  const startedAt = new Date(nowMs).toISOString()
  const functions: Record<string, Given> = { ...open?.functions }
  for (const { name, from, to } of changed) functions[name] = { to, from: functions[name] === undefined ? from : functions[name].from }
  return { id: open?.id ?? startedAt, startedAt: open?.startedAt ?? startedAt, finishedAt: null, commit, undoes: null, functions }
}

/** A function that had no bundle of ours has nothing to go back to. */
function takingBack(undone: Release, { commit, nowMs }: { commit: string; nowMs: number }): Release {
  const startedAt = new Date(nowMs).toISOString()
  const functions = Object.fromEntries(Object.entries(undone.functions).flatMap(([name, { to, from }]) => (from === null ? [] : [[name, { to: from, from: to }]])))
  return { id: startedAt, startedAt, finishedAt: null, commit, undoes: undone.id, functions }
}

function missingOf(names: readonly string[]): Outcome['failed'] {
  return names.map((name) => ({ name, why: 'is not there: run "terraform apply", which makes it' }))
}

async function giveAll(google: Google, steps: ReadonlyArray<{ readonly name: string; readonly to: string }>, tell: Tell): Promise<Outcome> {
  const results = await atOnce(steps, AT_ONCE, async ({ name, to }) => {
    try {
      await give(google, name, to)
      tell(`${name}: runs ${shortOf(to)}`)
      return { name, why: undefined }
    } catch (error) {
      const why = (error as Error).message
      tell(`${name}: FAILED: ${why}`)
      return { name, why }
    }
  })
  return {
    done: results.flatMap(({ name, why }) => (why === undefined ? [name] : [])),
    failed: results.flatMap(({ name, why }) => (why === undefined ? [] : [{ name, why }])),
  }
}

/** Looks at the function rather than at our own calls: an answer may be lost, an operation may be that of a run before us. */
async function give(google: Google, name: string, object: string): Promise<void> {
  const giveUpAt = performance.now() + google.options.deployMsMax
  for (let given = 0; given < GIVEN_MAX; ) {
    const now = await settled(google, name, giveUpAt)
    if (now.state === 'ACTIVE' && now.object === object) return
    given += 1
    try {
      const operation = await ended(google, await google.give(name, object), giveUpAt)
      if (operation.error !== undefined) throw new Error(operation.error.message ?? 'the operation failed')
    } catch (error) {
      if (!mayBeGivenAgain(error)) throw error
      await pause(google.options.pollMs * 2 ** (given - 1))
    }
  }
  const last = await settled(google, name, giveUpAt)
  if (last.state !== 'ACTIVE' || last.object !== object) throw new Error(`is ${last.state} with ${last.object ?? 'nothing'}`)
}

/** No answer; another operation is at work on it (409); too many at once (429); Google's own trouble. */
function mayBeGivenAgain(error: unknown): boolean {
  if (error instanceof GoogleSilence) return true
  return error instanceof GoogleRefusal && (error.status === 409 || error.status === 429 || error.status >= 500)
}

async function settled(google: Google, name: string, giveUpAt: number): Promise<DeployedFunction> {
  for (;;) {
    const one = await google.function(name)
    if (one.state !== 'DEPLOYING') return one
    await untilNextLook(google, giveUpAt)
  }
}

async function ended(google: Google, begun: { readonly name: string; readonly done?: boolean }, giveUpAt: number) {
  let operation: Awaited<ReturnType<Google['operation']>> = begun
  while (operation.done !== true) {
    await untilNextLook(google, giveUpAt)
    operation = await google.operation(begun.name)
  }
  return operation
}

async function untilNextLook(google: Google, giveUpAt: number): Promise<void> {
  if (performance.now() > giveUpAt) throw new Error(`does not run after ${Math.round(google.options.deployMsMax / 1000)} s; it may still come`)
  await pause(google.options.pollMs)
}
