/**
 * The data key of each customer, wrapped under the master key. What is sealed under it can be read as long as the key is
 * there; destroying it is how a customer is forgotten. A destroyed key leaves its place marked: nothing may be sealed for
 * a customer under a second key, as if the first had never been.
 */
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { newDataKey, unwrapKey, wrapKey, type WrappedKey } from '#platform/envelope.ts'
import { commit, doc, readOne, type Doc, type Snapshot } from '#platform/firestore.ts'

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
  const record: KeyRecord = { ...wrapKey(key, contextOf(customerId)), createdAtMs: now(), destroyedAtMs: null }
  if ((await commit((writer) => writer.create(place, { ...record }))).done) return key
  const first = keyIn(await readOne(place), customerId)
  if (first === undefined) throw new Failure('SERVICE_UNAVAILABLE', { reason: 'a customer key vanished' })
  return first
}

/**
 * The key in a record that was read with others; undefined when the customer has none yet.
 * @throws Failure CONFLICT when it was destroyed
 */
export function keyIn(snapshot: Snapshot, customerId: string): Buffer | undefined {
  const record = snapshot.data() as KeyRecord | undefined
  if (record === undefined) return undefined
  const { sealed, masterKey } = record
  if (record.destroyedAtMs !== null || sealed === undefined || masterKey === undefined) {
    throw new Failure('CONFLICT', { message: 'The data of this customer were erased.' })
  }
  return unwrapKey({ sealed, masterKey }, contextOf(customerId))
}

function contextOf(customerId: string): string[] {
  return ['customer key', customerId]
}
