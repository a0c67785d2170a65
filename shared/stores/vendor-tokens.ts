/** Tokens of vendors, sealed under the shop's master key, with the right to refresh them: a lease that ends by itself. */
import { CLAIM_MS, type Claim, type KeptTokens, type TokenKeeper } from '#domain/vendor-tokens.ts'
import { newId } from '#values/ids.ts'
import { now } from '#platform/clock.ts'
import { newDataKey, seal, unseal, unwrapKey, wrapKey, type WrappedKey } from '#platform/envelope.ts'
import { doc, readOne, revise, transact, type Data, type Doc, type Snapshot } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'

interface TokenRecord {
  readonly key: WrappedKey | null
  readonly tokens: string | null
  readonly owner: string | null
  readonly untilMs: number
}

const NOTHING: TokenRecord = { key: null, tokens: null, owner: null, untilMs: 0 }

export function tokenKeeper(vendor: string): TokenKeeper {
  const place = (): Promise<Doc> => doc('vendor_tokens', vendor)
  return {
    read: async () => keptIn(recordOf(await readOne(await place())), vendor),
    claim: async () => claim(await place(), vendor),
    keep: async ({ owner }, tokens) => changed(await place(), owner, () => ({ ...sealed(tokens, vendor), owner: null, untilMs: 0 })),
    release: async ({ owner }) => void (await changed(await place(), owner, (record) => ({ ...record, owner: null, untilMs: 0 }))),
  }
}

async function claim(place: Doc, vendor: string): Promise<Claim | undefined> {
  const owner = newId('claim')
  return transact(async (unit) => {
    const record = recordOf(await unit.get(place))
    if (record.owner !== null && record.owner !== owner && record.untilMs > now()) return undefined
    unit.set(place, { ...record, owner, untilMs: now() + CLAIM_MS } as Data)
    return { owner, kept: keptIn(record, vendor) }
  })
}

/** Changes the record of whoever has the right still. A commit whose answer was lost is known by what it wrote. */
async function changed(place: Doc, owner: string, change: (record: TokenRecord) => TokenRecord): Promise<boolean> {
  let written: TokenRecord | undefined
  return revise(async (unit) => {
    const record = recordOf(await unit.get(place))
    if (written !== undefined && record.tokens === written.tokens && record.owner === null) return true
    if (record.owner !== owner) return false
    written = change(record)
    unit.set(place, { ...written } as Data)
    return true
  })
}

function sealed(tokens: KeptTokens, vendor: string): Pick<TokenRecord, 'key' | 'tokens'> {
  const key = newDataKey()
  return { key: wrapKey(key, contextOf(vendor)), tokens: seal(key, contextOf(vendor), JSON.stringify(tokens)) }
}

/** What cannot be opened any more is as good as lost: the owner's consent is begun with anew. */
function keptIn({ key, tokens }: TokenRecord, vendor: string): KeptTokens | undefined {
  if (key === null || tokens === null) return undefined
  try {
    return JSON.parse(unseal(unwrapKey(key, contextOf(vendor)), contextOf(vendor), tokens)) as KeptTokens
  } catch (error) {
    log.warn('kept tokens cannot be opened', { vendor, why: String(error) })
    return undefined
  }
}

function recordOf(snapshot: Snapshot): TokenRecord {
  return (snapshot.data() as TokenRecord | undefined) ?? NOTHING
}

function contextOf(vendor: string): string[] {
  return ['vendor tokens', vendor]
}
