/**
 * Limits that hold across instances.
 *
 * Large ones (`takeToken`) are leased: a window's tokens lie in slots of ten or more, a slot belongs to whoever creates its
 * document. So the limit is never exceeded, and nine requests of ten cost no call. An instance that dies takes its
 * unused tokens with it: the limit is then reached a little early, never late.
 * Small ones (`Counter`) are counted exactly, in the work they guard: leased, one instance would have all of them.
 */
import { createHash } from 'node:crypto'
import { Failure } from '#values/failure.ts'
import { HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { commit, doc, readAll, timestamp, type Data, type Doc, type Snapshot } from '#platform/firestore.ts'
import { inMemory } from '#platform/in-memory.ts'

/** Tokens of a slot, and at most so many slots in a window: a large limit has larger slots. */
const SLOT_TOKENS_MIN = 10
const SLOTS_MAX = 20
const KEYS_MAX = 10_000
/** Longer than any window: a counter that is gone counts from zero. */
const KEPT_MS = 2 * HOUR_MS

interface Lease {
  readonly window: number
  readonly slotTokens: number
  left: number
  /** Slots not known to be taken. */
  free: number[]
  taking: Promise<void> | undefined
}

const leases = inMemory<string, Lease>()

export interface Allowance {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Seconds until the window ends. */
  readonly resetSeconds: number
}

/** Takes one token of a fixed one-minute window. */
export async function takeToken(key: string, limit: number): Promise<Allowance> {
  const window = Math.floor(now() / MINUTE_MS)
  const lease = leaseOf(key, window, limit)
  while (lease.left === 0 && lease.free.length > 0) {
    lease.taking ??= takeSlot(key, lease, limit).finally(() => {
      lease.taking = undefined
    })
    await lease.taking
  }
  const allowed = lease.left > 0
  if (allowed) lease.left -= 1
  const resetSeconds = Math.max(1, Math.ceil(((window + 1) * MINUTE_MS - now()) / 1000))
  return { allowed, limit, remaining: Math.min(limit, lease.left + lease.free.length * lease.slotTokens), resetSeconds }
}

function leaseOf(key: string, window: number, limit: number): Lease {
  const known = leases.get(key)
  if (known !== undefined && known.window === window) return known
  if (leases.size >= KEYS_MAX) leases.clear()
  const slotTokens = Math.max(SLOT_TOKENS_MIN, Math.ceil(limit / SLOTS_MAX))
  const slots = Array.from({ length: Math.ceil(limit / slotTokens) }, (_, slot) => slot)
  const fresh: Lease = { window, slotTokens, left: 0, free: slots, taking: undefined }
  leases.set(key, fresh)
  return fresh
}

/** Takes a random free slot; when somebody has it, looks which are left. */
async function takeSlot(key: string, lease: Lease, limit: number): Promise<void> {
  const slot = lease.free[Math.floor(Math.random() * lease.free.length)] ?? 0
  const created = await createSlot(key, lease.window, slot)
  if (created) {
    lease.free = lease.free.filter((other) => other !== slot)
    lease.left += Math.min(lease.slotTokens, limit - slot * lease.slotTokens)
    return
  }
  const docs = await Promise.all(lease.free.map((other) => slotDoc(key, lease.window, other)))
  const snapshots = await readAll(docs)
  lease.free = lease.free.filter((_, index) => !(snapshots[index]?.exists ?? true))
}

async function createSlot(key: string, window: number, slot: number): Promise<boolean> {
  const place = await slotDoc(key, window, slot)
  const expireAt = await timestamp((window + 2) * MINUTE_MS)
  return (await commit((writer) => writer.create(place, { expireAt }))).done
}

function slotDoc(key: string, window: number, slot: number): Promise<Doc> {
  return doc('limit_slots', `${hashed(key)}-${window}-${slot}`)
}

/** A counter of a small limit, read and written in the work it guards. */
export interface Counter {
  readonly doc: Doc
  readonly snapshot: Snapshot | undefined
  readonly used: number
  readonly startedAtMs: number
  /** All that was written with the count of this window. */
  readonly kept: Data
}

export function counterDoc(key: string): Promise<Doc> {
  return counterAt(counterId(key))
}

/** Names a key's counter without saying whose it is: it may travel in a message. */
export function counterId(key: string): string {
  return hashed(key)
}

export function counterAt(id: string): Promise<Doc> {
  return doc('limit_counters', id)
}

export function counterOf(place: Doc, snapshot: Snapshot, windowMs: number): Counter {
  const data = snapshot.exists ? (snapshot.data() as Data & { used: number; startedAtMs: number }) : undefined
  const running = data !== undefined && data.startedAtMs + windowMs > now()
  return {
    doc: place,
    snapshot: snapshot.exists ? snapshot : undefined,
    used: running ? data.used : 0,
    startedAtMs: running ? data.startedAtMs : now(),
    kept: running ? data : {},
  }
}

/** @throws Failure RATE_LIMITED when the window is used up */
export function refuseOver(counter: Counter, limit: number, windowMs: number): void {
  if (counter.used < limit) return
  const retryAfterSeconds = Math.max(1, Math.ceil((counter.startedAtMs + windowMs - now()) / 1000))
  throw new Failure('RATE_LIMITED', { retryAfterSeconds, details: { limit } })
}

/** @param kept what is to be kept with the count until the window ends */
export function countedUp(counter: Counter, kept: Data = {}): Data {
  return { ...kept, used: counter.used + 1, startedAtMs: counter.startedAtMs, expireAt: new Date(counter.startedAtMs + KEPT_MS) }
}

/** Keys hold addresses and customers: only their hash is kept. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 32)
}
