/**
 * The data key of each customer, wrapped under the master key. What is sealed under it can be read as long as the key is
 * there; destroying it is how a customer is forgotten. A destroyed key leaves its place marked: nothing may be sealed for
 * a customer under a second key, as if the first had never been.
 */
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { isOutdated, masterKeyNames, newDataKey, unwrapKey, wrapKey, type WrappedKey } from '#platform/envelope.ts'
import { collection, commit, countOf, doc, readOne, readQuery, transact, type Doc, type Snapshot, type Unit, type Writer } from '#platform/firestore.ts'

interface KeyRecord extends Partial<WrappedKey> {
  readonly createdAtMs: number
  readonly destroyedAtMs: number | null
}

export function customerKeyDoc(customerId: string): Promise<Doc> {
  return doc('customer_keys', customerId)
}

/**
 * The customer's data key, made when there is none. Safe to call at once from anywhere: the first one stays.
 * @throws Failure CONFLICT when it was destroyed
 */
export async function customerKey(customerId: string): Promise<Buffer> {
  const place = await customerKeyDoc(customerId)
  const known = keyIn(await readOne(place), customerId)
  if (known !== undefined) return known
  const key = newDataKey()
  if ((await commit((writer) => writer.create(place, newRecord(key, customerId)))).done) return key
  const first = keyIn(await readOne(place), customerId)
  if (first === undefined) throw new Failure('SERVICE_UNAVAILABLE', { reason: 'a customer key vanished' })
  return first
}

/** The same with the caller's other writes, who has read the record in his transaction. */
export function keyOrNew(writer: Writer, snapshot: Snapshot, customerId: string): Buffer {
  const known = keyIn(snapshot, customerId)
  if (known !== undefined) return known
  const key = newDataKey()
  writer.create(snapshot.ref, newRecord(key, customerId))
  return key
}

function newRecord(key: Buffer, customerId: string): Record<string, unknown> {
  return { ...wrapKey(key, contextOf(customerId)), createdAtMs: now(), destroyedAtMs: null } satisfies KeyRecord
}

/**
 * The key in a record that was read with others; undefined when the customer has none yet.
 * @throws Failure CONFLICT when it was destroyed
 */
export function keyIn(snapshot: Snapshot, customerId: string): Buffer | undefined {
  const record = snapshot.data() as KeyRecord | undefined
  if (record === undefined) return undefined
  const wrapped = wrappedIn(record)
  if (wrapped === undefined) throw new Failure('CONFLICT', { message: 'The data of this customer were erased.' })
  return unwrapKey(wrapped, contextOf(customerId))
}

function wrappedIn({ sealed, masterKey, destroyedAtMs }: KeyRecord): WrappedKey | undefined {
  return destroyedAtMs !== null || sealed === undefined || masterKey === undefined ? undefined : { sealed, masterKey }
}

/**
 * Destroys the customer's key for ever, and marks its place also where there was none.
 * @returns whether there was one
 */
export async function destroyKey(unit: Unit, customerId: string): Promise<boolean> {
  const place = await customerKeyDoc(customerId)
  const record = (await unit.get(place)).data() as KeyRecord | undefined
  if (record !== undefined && record.destroyedAtMs !== null) return false
  unit.set(place, { createdAtMs: record?.createdAtMs ?? now(), destroyedAtMs: now() } satisfies KeyRecord)
  return record !== undefined
}

/** Customers whose keys are wrapped under the master key before the present one. */
export async function outdatedKeys(limit: number): Promise<string[]> {
  const [, previous] = masterKeyNames()
  if (previous === undefined) return []
  const found = await readQuery((await collection('customer_keys')).where('masterKey', '==', previous).limit(limit))
  return found.map(({ id }) => id)
}

/** Keys under a master key that is not mounted: what they seal cannot be read. */
export async function countUnreadableKeys(): Promise<number> {
  return countOf((await collection('customer_keys')).where('masterKey', 'not-in', masterKeyNames()))
}

/** Wraps a customer's key under the present master key; false when that is done, or the key is gone. */
export async function rewrapKey(customerId: string): Promise<boolean> {
  const place = await customerKeyDoc(customerId)
  return transact(async (unit) => {
    const record = (await unit.get(place)).data() as KeyRecord | undefined
    const wrapped = record === undefined ? undefined : wrappedIn(record)
    if (wrapped === undefined || !isOutdated(wrapped)) return false
    unit.update(place, { ...wrapKey(unwrapKey(wrapped, contextOf(customerId)), contextOf(customerId)) })
    return true
  })
}

function contextOf(customerId: string): string[] {
  return ['customer key', customerId]
}
