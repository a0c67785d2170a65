/** Whatever was done to stored events or seals is found, and named; what is well is not called otherwise. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { dayAfter, keyIdOf, leafOf, ordered, sealOf, signedText, type Leaf, type Seal, type Signature } from '#domain/audit-seal.ts'
import { verdicts, type Trail, type Verdict } from '../../../infra/audit/verification.ts'

const FIRST = '2026-11-20'

type Row = Record<string, unknown>

const OURS = keyPair()
const THEIRS = keyPair()

function keyPair(): { readonly publicKey: string; readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { privateKey, publicKey: String(publicKey.export({ format: 'jwk' }).x) }
}

function signed(seal: Seal, { publicKey, privateKey } = OURS): Seal & Signature {
  return { ...seal, keyId: keyIdOf(publicKey), signature: sign(null, Buffer.from(signedText(seal)), privateKey).toString('base64url') }
}

function unsigned({ day, events, late, root, previous, hash }: Seal): Seal {
  return { day, events, late, root, previous, hash }
}

/** A world in which everything is right, to be falsified. */
interface World {
  rows: Row[]
  seals: Array<Seal & Partial<Signature>>
  published: Map<string, string[]>
  leaves: Map<string, Leaf[]>
}

const event = (id: string, day = FIRST): Row => ({ id, who: 'admin ann', why: 'x', created_at: `${day}T10:00:00.000Z` })

/** Days of so many events each; `late` ones are dated on the first day and sealed with the last. */
function world(counts: readonly number[], late = 0): World {
  const made: World = { rows: [], seals: [], published: new Map(), leaves: new Map() }
  counts.forEach((count, index) => {
    const day = dayAfter(FIRST, index)
    const own = Array.from({ length: count }, (_, n) => event(`d${index}-${n}`, day))
    const slow = index > 0 && index === counts.length - 1 ? Array.from({ length: late }, (_, n) => event(`late-${n}`)) : []
    const leaves = ordered([...own, ...slow].map((row) => leafOf(row, day)))
    const seal = signed(sealOf(day, leaves, made.seals.at(-1)?.hash ?? null))
    made.rows.push(...own, ...slow)
    made.leaves.set(day, leaves)
    made.seals.push(seal)
    made.published.set(day, [seal.hash])
  })
  return made
}

async function* each(rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows
}

function trailOf({ rows, seals, published, leaves }: World): Trail {
  const dated = (day: string): Row[] => rows.filter((row) => String(row['created_at']).startsWith(day))
  return {
    seals,
    keys: new Map([[keyIdOf(OURS.publicKey), OURS.publicKey]]),
    published,
    leavesOf: async (day) => leaves.get(day) ?? [],
    rowsOf: (day) => each(dated(day)),
    rowsNamed: (day, ids) => each(dated(day).filter(({ id }) => ids.includes(String(id)))),
  }
}

async function verified(it: World, only?: string): Promise<Verdict[]> {
  const all: Verdict[] = []
  for await (const verdict of verdicts(trailOf(it), only)) all.push(verdict)
  return all
}

/** All faults, each after its day. */
async function faultsIn(it: World): Promise<string[]> {
  return (await verified(it)).flatMap(({ day, faults }) => faults.map((fault) => `${day} ${fault}`))
}

describe('does', () => {
  test('find nothing wrong where nothing is, late and doubled rows among it', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(6), { minLength: 1, maxLength: 5 }), fc.nat(3), async (counts, late) => {
      const it = world(counts, late)
      it.rows.push(...it.rows.slice(0, 2))
      expect(await faultsIn(it)).toEqual([])
    }))
  })

  test('verify one day, and the chain of all', async () => {
    const it = world([2, 3, 4])
    expect((await verified(it, dayAfter(FIRST))).map(({ day, events }) => [day, events])).toEqual([[dayAfter(FIRST), 3]])
    it.seals[2] = { ...(it.seals[2] as Seal), events: 9 }
    expect((await verified(it, dayAfter(FIRST))).map(({ day, faults }) => [day, faults.length])).toEqual([[dayAfter(FIRST), 0], [dayAfter(FIRST, 2), 1]])
  })

  test('take a later signature for those of before seals were signed', async () => {
    const it = world([1, 2, 0])
    it.seals = it.seals.map((one, index) => (index < 2 ? unsigned(one) : one))
    expect(await faultsIn(it)).toEqual([])
  })

  test('let the last seal be on its way to the warehouse', async () => {
    const it = world([1, 1])
    it.published.delete(dayAfter(FIRST))
    expect(await faultsIn(it)).toEqual([])
    it.published.delete(FIRST)
    expect(await faultsIn(it)).toEqual([`${FIRST} SEAL DIFFERS: the warehouse holds none for this day`])
  })
})

/** Somebody with both stores takes an event out of the second day, and seals it and all later days anew. */
function remade(it: World, signing: (seal: Seal) => Seal & Partial<Signature>): void {
  it.rows = it.rows.filter(({ id }) => id !== 'd1-0')
  it.leaves.set('2026-11-21', (it.leaves.get('2026-11-21') ?? []).filter(({ id }) => id !== 'd1-0'))
  for (let index = 1; index < it.seals.length; index += 1) {
    const { day } = it.seals[index] as Seal
    const seal = signing(sealOf(day, it.leaves.get(day) ?? [], it.seals[index - 1]?.hash ?? null))
    it.seals[index] = seal
    it.published.set(day, [seal.hash])
  }
}

describe('refuses', () => {
  const at = (it: World, id: string): number => it.rows.findIndex((row) => row['id'] === id)

  test.each<[string, (it: World) => void, string[]]>([
    ['an altered event', (it) => it.rows.splice(at(it, 'd0-1'), 1, { ...event('d0-1'), who: 'admin bob' }), ['2026-11-20 ALTERED: event d0-1']],
    ['a removed event', (it) => it.rows.splice(at(it, 'd1-0'), 1), ['2026-11-21 MISSING: event d1-0']],
    ['an added event', (it) => it.rows.push(event('never')), ['2026-11-20 ADDED: event never']],
    ['an event on an empty day', (it) => it.rows.push(event('never', '2026-11-22')), ['2026-11-22 ADDED: event never']],
    ['a second row of an event in other words', (it) => it.rows.push({ ...event('d0-0'), why: 'y' }), ['2026-11-20 ALTERED: event d0-0']],
    ['an event that was moved to another day', (it) => it.rows.splice(at(it, 'd0-0'), 1, event('d0-0', '2026-11-21')), [
      '2026-11-20 MISSING: event d0-0', '2026-11-21 ADDED: event d0-0',
    ]],
    ['a renamed event', (it) => it.rows.splice(at(it, 'd0-0'), 1, event('d0-9')), ['2026-11-20 MISSING: event d0-0', '2026-11-20 ADDED: event d0-9']],
    ['an altered event that came late', (it) => it.rows.splice(at(it, 'late-0'), 1, { ...event('late-0'), who: 'x' }), [
      '2026-11-20 ADDED: event late-0', '2026-11-23 ALTERED: event late-0',
    ]],
    ['a removed event that came late', (it) => it.rows.splice(at(it, 'late-0'), 1), ['2026-11-23 MISSING: event late-0']],
    ['events of a day, all of them', (it) => it.rows.splice(at(it, 'd1-0'), 2), ['2026-11-21 MISSING: event d1-0', '2026-11-21 MISSING: event d1-1']],
  ])('%s', async (_, falsify, faults) => {
    const it = world([3, 2, 0, 1], 1)
    falsify(it)
    expect(await faultsIn(it)).toEqual(faults)
  })

  test.each<[string, (it: World) => void, RegExp[]]>([
    ['another count in a seal', (it) => it.seals.splice(1, 1, { ...(it.seals[1] as Seal), events: 1 }), [/11-21 SEAL ALTERED/, /11-21 SEAL ALTERED: the events/]],
    ['a seal made anew for falsified events', (it) => {
      it.rows.push(event('never', '2026-11-21'))
      it.leaves.set('2026-11-21', ordered([...(it.leaves.get('2026-11-21') ?? []), leafOf(event('never', '2026-11-21'), FIRST)]))
      it.seals[1] = signed(sealOf('2026-11-21', it.leaves.get('2026-11-21') ?? [], it.seals[0]?.hash ?? null), OURS)
    }, [/11-21 SEAL DIFFERS: the warehouse holds/, /11-22 CHAIN BROKEN: .* the seal of 2026-11-21/]],
    ['a seal made anew in both stores', (it) => {
      const forged = signed(sealOf('2026-11-21', [], it.seals[0]?.hash ?? null), OURS)
      it.seals[1] = forged
      it.published.set('2026-11-21', [forged.hash])
      it.leaves.set('2026-11-21', [])
      it.rows = it.rows.filter(({ id }) => !String(id).startsWith('d1'))
    }, [/11-22 CHAIN BROKEN/]],
    ['a second seal in the warehouse', (it) => it.published.set(FIRST, [...(it.published.get(FIRST) ?? []), 'f'.repeat(64)]), [/11-20 SEAL DIFFERS: .* and f{64}/]],
    ['all later seals made anew in both stores, without the key', (it) => remade(it, unsigned), [/11-21 NOT SIGNED/, /11-22 NOT SIGNED/, /11-23 NOT SIGNED/]],
    ['all later seals made anew in both stores, with another key', (it) => remade(it, (seal) => signed(unsigned(seal), THEIRS)), [
      /11-21 SIGNATURE UNKNOWN/, /11-21 NOT SIGNED/, /11-22 SIGNATURE UNKNOWN/, /11-22 NOT SIGNED/, /11-23 SIGNATURE UNKNOWN/, /11-23 NOT SIGNED/,
    ]],
    ['all later seals made anew in both stores, with the signatures that were there', (it) => {
      const old = [...it.seals]
      remade(it, (seal) => ({ ...seal, keyId: keyIdOf(OURS.publicKey), signature: old.find(({ day }) => day === seal.day)?.signature ?? '' }))
    }, [/11-21 SIGNATURE FALSE/, /11-21 NOT SIGNED/, /11-22 SIGNATURE FALSE/, /11-22 NOT SIGNED/, /11-23 SIGNATURE FALSE/, /11-23 NOT SIGNED/]],
    ['the signatures taken off the last seals', (it) => (it.seals = it.seals.map((one, index) => (index > 1 ? unsigned(one) : one))), [/11-22 NOT SIGNED/, /11-23 NOT SIGNED/]],
    ['a signature that is no signature', (it) => it.seals.splice(0, 1, { ...(it.seals[0] as Seal), keyId: keyIdOf(OURS.publicKey), signature: 'x' }), [/11-20 SIGNATURE FALSE/]],
    ['a day taken out of the chain', (it) => it.seals.splice(1, 1), [/11-22 CHAIN BROKEN: it does not follow/, /11-22 CHAIN BROKEN: .* days between/]],
    ['the first days cut off', (it) => it.seals.splice(0, 1), [/11-21 CHAIN BROKEN: .* an earlier day/]],
    ['a kept list that was falsified with the events', (it) => {
      it.rows.splice(0, 1)
      it.leaves.set(FIRST, (it.leaves.get(FIRST) ?? []).slice(1))
    }, [/11-20 LEAVES ALTERED/]],
  ])('%s', async (_, falsify, faults) => {
    const it = world([3, 2, 0, 1])
    falsify(it)
    expect(await faultsIn(it)).toEqual(faults.map((fault) => expect.stringMatching(fault)))
  })
})
