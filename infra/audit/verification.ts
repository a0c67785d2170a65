/**
 * Proves days of the audit trail: takes the events from the warehouse, builds each day's tree anew, and compares its
 * root with the seal. Only where they differ, the kept leaves are read, to say which event was altered, removed or added.
 *
 * Nothing is taken at its own word: seals must follow from each other and be signed by a key that is trusted, the
 * warehouse must hold the same seals as the shop's store, and kept leaves that do not lead to the seal's root are said
 * to be worthless.
 */
import { dayAfter, eventHash, isSignedBy, ordered, sealHash, sealOf, type Leaf, type Seal, type Signature } from '../../shared/domain/audit-seal.ts'

type Row = Readonly<Record<string, unknown>>

/** Where seals, leaves and events are read. */
export interface Trail {
  /** The oldest first. */
  readonly seals: ReadonlyArray<Seal & Partial<Signature>>
  /** Public keys that are trusted, by their ids. */
  readonly keys: ReadonlyMap<string, string>
  /** Hashes of the seals in the warehouse, by day. */
  readonly published: ReadonlyMap<string, readonly string[]>
  readonly leavesOf: (day: string) => Promise<readonly Leaf[]>
  readonly rowsOf: (day: string) => AsyncIterable<Row>
  readonly rowsNamed: (day: string, ids: readonly string[]) => AsyncIterable<Row>
}

export interface Verdict {
  readonly day: string
  /** Events found in the warehouse. */
  readonly events: number
  readonly root: string
  /** The hash of the seal: whoever notes it down can prove this day and all before it. */
  readonly seal: string
  /** One sentence for each thing that differs. */
  readonly faults: readonly string[]
}

/** Verdicts on all sealed days, or on one; the chain of seals is checked in any case. */
export async function* verdicts(trail: Trail, only?: string): AsyncGenerator<Verdict> {
  const late = await lateLeaves(trail)
  const vouched = trail.seals.findLastIndex((seal) => signatureOf(seal, trail.keys) === 'good')
  for (const [index, seal] of trail.seals.entries()) {
    const unsigned = index > vouched ? ['NOT SIGNED: neither it nor a later seal has the signature of a key that is trusted'] : []
    const faults = [...sealFaults(seal, trail.seals[index - 1]), ...signatureFaults(seal, trail.keys), ...unsigned, ...publicationFaults(trail, seal)]
    if (only !== undefined && seal.day !== only) {
      if (faults.length > 0) yield { day: seal.day, events: seal.events, root: seal.root, seal: seal.hash, faults }
      continue
    }
    const found = await eventsFound(trail, seal, late)
    const { root, events } = sealOf(seal.day, found, seal.previous)
    const named = root === seal.root && events === seal.events ? [] : await differences(trail, seal, found)
    yield { day: seal.day, events, root, seal: seal.hash, faults: [...faults, ...named] }
  }
}

function sealFaults(seal: Seal, before: Seal | undefined): string[] {
  return [
    ...(sealHash(seal) === seal.hash ? [] : [`SEAL ALTERED: it does not have the hash that it names, ${seal.hash}`]),
    ...(seal.previous === (before?.hash ?? null) ? [] : [`CHAIN BROKEN: it does not follow from the seal of ${before?.day ?? 'an earlier day, which is missing'}`]),
    ...(before === undefined || seal.day === dayAfter(before.day) ? [] : [`CHAIN BROKEN: the seal before it is of ${before.day}, days between are missing`]),
  ]
}

type Verification = 'good' | 'false' | 'unknown' | 'none'

function signatureOf(seal: Seal & Partial<Signature>, keys: ReadonlyMap<string, string>): Verification {
  if (seal.signature === undefined || seal.keyId === undefined) return 'none'
  const key = keys.get(seal.keyId)
  if (key === undefined) return 'unknown'
  return isSignedBy(seal, seal.signature, key) ? 'good' : 'false'
}

/** One of before seals were signed has no signature: a later one vouches for it. */
function signatureFaults(seal: Seal & Partial<Signature>, keys: ReadonlyMap<string, string>): string[] {
  const found = signatureOf(seal, keys)
  if (found === 'false') return [`SIGNATURE FALSE: it is not that of key ${seal.keyId} for this seal`]
  return found === 'unknown' ? [`SIGNATURE UNKNOWN: key ${seal.keyId} is not among those that are trusted`] : []
}

/** The last seal may still be on its way to the warehouse. */
function publicationFaults({ seals, published }: Trail, seal: Seal): string[] {
  const hashes = published.get(seal.day) ?? []
  const onItsWay = hashes.length === 0 && seal === seals.at(-1)
  return hashes.includes(seal.hash) && hashes.length === 1 || onItsWay ? [] : [`SEAL DIFFERS: the warehouse holds ${hashes.join(' and ') || 'none'} for this day`]
}

/** Events that are dated on a day and sealed with a later one, by the day they are dated. There are hardly ever any. */
async function lateLeaves({ seals, leavesOf }: Trail): Promise<Map<string, Leaf[]>> {
  const byDay = new Map<string, Leaf[]>()
  for (const { day } of seals.filter(({ late }) => late > 0)) {
    for (const leaf of await leavesOf(day)) {
      if (leaf.lateFor !== null) byDay.set(leaf.lateFor, [...(byDay.get(leaf.lateFor) ?? []), leaf])
    }
  }
  return byDay
}

/** The leaves that the warehouse's rows give for a seal: those of its day, without what is sealed later, with what came late. */
async function eventsFound(trail: Trail, seal: Seal, late: ReadonlyMap<string, readonly Leaf[]>): Promise<Leaf[]> {
  const elsewhere = new Set((late.get(seal.day) ?? []).map(keyOf))
  const found: Leaf[] = []
  for await (const row of trail.rowsOf(seal.day)) found.push({ id: String(row['id']), hash: eventHash(row), lateFor: null })
  const own = found.filter((leaf) => !elsewhere.has(keyOf(leaf)))
  const waited = seal.late === 0 ? [] : (await trail.leavesOf(seal.day)).filter(({ lateFor }) => lateFor !== null)
  for (const [day, leaves] of Map.groupBy(waited, ({ lateFor }) => lateFor ?? seal.day)) {
    for await (const row of trail.rowsNamed(day, leaves.map(({ id }) => id))) {
      own.push({ id: String(row['id']), hash: eventHash(row), lateFor: day })
    }
  }
  return ordered(own)
}

function keyOf({ id, hash }: Leaf): string {
  return `${id} ${hash}`
}

async function differences({ leavesOf }: Trail, seal: Seal, found: readonly Leaf[]): Promise<string[]> {
  const kept = await leavesOf(seal.day)
  const worthless = sealOf(seal.day, kept, seal.previous).root !== seal.root
  const hashesFound = Map.groupBy(found, ({ id }) => id)
  const hashesKept = Map.groupBy(kept, ({ id }) => id)
  const altered = [...hashesKept.keys()].filter((id) => hashesFound.has(id) && !alike(hashesKept.get(id), hashesFound.get(id)))
  const missing = [...hashesKept.keys()].filter((id) => !hashesFound.has(id))
  const added = [...hashesFound.keys()].filter((id) => !hashesKept.has(id))
  return [
    ...(worthless ? ['LEAVES ALTERED: the kept list of events does not lead to the seal, the names below may be wrong'] : []),
    ...altered.map((id) => `ALTERED: event ${id}`),
    ...missing.map((id) => `MISSING: event ${id}`),
    ...added.map((id) => `ADDED: event ${id}`),
    ...(altered.length + missing.length + added.length === 0 && !worthless ? ['SEAL ALTERED: the events are those that were kept, and do not lead to its root'] : []),
  ]
}

/** An event that somebody wrote a second time in other words is altered too: the latest row is what reports show. */
function alike(kept: readonly Leaf[] = [], found: readonly Leaf[] = []): boolean {
  const hashes = new Set(kept.map(({ hash }) => hash))
  return new Set(found.map(({ hash }) => hash)).size === hashes.size && found.every(({ hash }) => hashes.has(hash))
}
