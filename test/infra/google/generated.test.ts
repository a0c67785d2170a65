/**
 * What Terraform is told follows from the code and from nothing else: every export is deployed, every right is one that the
 * code needs, every topic that is published exists and has its dead letters, the store and the warehouse are as declared.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Declaration } from '#entry/declaration.ts'
import { CHECKED_AT_START, settingsIn } from '#platform/config.ts'
import { declarationsOf } from '../../../infra/build/declarations.ts'
import { placesOf } from '../../../infra/build/contents.ts'
import { googleMap, isSecret, type GoogleMap } from '../../../infra/build/google.ts'
import { reachOf, WAREHOUSE_CALLS, type Reach } from '../../../infra/build/reach.ts'
import { instancesOf, readBlocks, scopeOf, type Body, type Instance } from '../../../infra/google/configuration.ts'
import { keepKeys } from '../../../infra/local/keys.ts'
import { TABLES, UNITED_VIEWS } from '../../../infra/warehouse/tables.ts'
import { readText, sourcesIn } from '../../house/source.ts'

/** Names that Google takes. */
const ACCOUNT = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/
const FILTER_BYTES_MAX = 256
/** Where a buyer waits, and so many warm ones are paid for at most. */
const BUYERS_PATH = ['catalogue', 'carts', 'checkout']
const WARM_MAX = 5

let declarations: Declaration[] = []
let map: GoogleMap
let reaches: ReadonlyMap<string, Reach> = new Map()
let instances: Instance[] = []

beforeAll(async () => {
  declarations = declarationsOf(await import('#functions'))
  map = await googleMap(declarations)
  reaches = await reachOf([...placesOf(declarations).values()].map(({ file }) => file))
  const blocks = await readBlocks()
  instances = instancesOf(blocks, await scopeOf(blocks, 'prod'))
})

function made(address: string): Map<string, Body> {
  const own = instances.filter((instance) => instance.address.startsWith(`${address}[`))
  return new Map(own.map((instance) => [/\["(.*)"\]$/.exec(instance.address)?.[1] ?? '', instance.values]))
}

const names = (...kinds: Declaration['kind'][]): string[] => declarations.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name).sort()

describe('does', () => {
  test('every export is a function, under its own name, in the area of its folder', () => {
    expect([...made('google_cloudfunctions2_function.function').keys()].sort()).toEqual(declarations.map(({ name }) => name).sort())
    for (const [name, { area }] of Object.entries(map.functions)) expect(readText(`functions/${area}/${name}.ts`)).toContain(`'${name}'`)
  })

  test('the world may call endpoints and webhooks; Scheduler and Pub/Sub call the rest, each its own and nobody else', () => {
    expect([...made('google_cloud_run_v2_service_iam_member.public').keys()].sort()).toEqual(names('endpoint', 'webhook'))
    expect([...made('google_cloud_run_v2_service_iam_member.scheduled').keys()].sort()).toEqual(names('schedule'))
    expect([...made('google_cloud_run_v2_service_iam_member.pushed').keys()].sort()).toEqual(names('message'))
    const inside = Object.entries(map.functions).filter(([, { ingress }]) => ingress === 'ALLOW_INTERNAL_ONLY').map(([name]) => name)
    expect(inside.sort()).toEqual(names('schedule', 'message'))
  })

  test('whoever takes several requests at once has a whole processor, and warm ones stand only where a buyer waits', () => {
    const functions = Object.entries(map.functions)
    expect(functions.filter(([, { cpu, concurrency }]) => concurrency > 1 && Number(cpu) < 1).map(([name]) => name)).toEqual([])
    expect(functions.filter(([, one]) => one.instances_min > one.instances_max || one.instances_max < 1).map(([name]) => name)).toEqual([])
    const warm = functions.filter(([, one]) => one.instances_min > 0)
    expect(warm.filter(([, { area }]) => !BUYERS_PATH.includes(area)).map(([name]) => name)).toEqual([])
    expect(warm.length).toBeLessThanOrEqual(WARM_MAX)
  })

  test('every topic that is published is one, somebody listens to it, and whatever is given up waits in a dead letter', () => {
    const published = [...reaches.values()].flatMap(({ topics }) => topics).filter((topic) => topic !== 'inbox-*')
    expect([...new Set(published)].filter((topic) => !map.topics.includes(topic))).toEqual([])
    const heard = Object.values(map.subscriptions).map(({ topic }) => topic)
    expect(map.topics.filter((topic) => !heard.includes(topic))).toEqual([])
    for (const part of ['google_pubsub_topic.dead', 'google_pubsub_subscription.dead', 'google_pubsub_topic_iam_member.burier', 'google_pubsub_subscription_iam_member.burier']) {
      expect([part, [...made(part).keys()].sort()]).toEqual([part, names('message')])
    }
  })

  test('a push waits as long as its function may take, never ends by itself, and is filtered as the platform can', () => {
    for (const [name, values] of made('google_pubsub_subscription.push')) {
      const declared = declarations.find((one) => one.name === name)
      expect(values['ack_deadline_seconds']).toBeGreaterThanOrEqual(declared?.timeoutSeconds ?? Infinity)
      expect(values['expiration_policy']).toEqual([{ ttl: '' }])
      expect(Buffer.byteLength(String(values['filter']))).toBeLessThanOrEqual(FILTER_BYTES_MAX)
    }
  })

  test('a clock calls with a token for the function and says that it sends JSON', () => {
    for (const [name, values] of made('google_cloud_scheduler_job.job')) {
      const [target] = values['http_target'] as unknown as [{ headers: unknown; uri: string; oidc_token: [{ audience: string }] }]
      expect([name, JSON.stringify(target.headers)]).toEqual([name, expect.stringContaining('application/json')])
      expect(target.oidc_token[0].audience).toBe(target.uri)
      expect(target.uri).toContain(`["${name}"]`)
    }
  })

  test('an area has the secrets that its functions read, and no other', () => {
    const needed = [...placesOf(declarations).values()].flatMap(({ name, area, file }) => {
      const isCalled = declarations.some((one) => one.name === name && one.kind === 'endpoint')
      const sections = [...(isCalled ? CHECKED_AT_START : []), ...(reaches.get(file)?.sections ?? [])]
      return sections.flatMap(settingsIn).filter(({ name }) => isSecret(name)).map(({ name }) => `${area}:${name}`)
    })
    expect([...made('google_secret_manager_secret_iam_member.reader').keys()].sort()).toEqual([...new Set(needed)].sort())
    for (const { area, secrets } of Object.values(map.functions)) expect(secrets.filter((name) => map.secret_readers[`${area}:${name}`] === undefined)).toEqual([])
  })

  test('what the local Secret Manager keeps is told to be a secret by its name', () => {
    expect(Object.keys(keepKeys({ put: () => undefined, value: () => undefined })).filter((name) => !isSecret(name))).toEqual([])
  })

  test('only who fills the warehouse may write to it, only who asks may read, and the store is for those that keep something', () => {
    const reaching = (which: (reach: Reach) => boolean): string[] =>
      [...new Set([...placesOf(declarations).values()].filter(({ file }) => which(reaches.get(file) as Reach)).map(({ area }) => area))].sort()
    expect([...new Set(Object.values(map.fillers).map(({ area }) => area))].sort()).toEqual(reaching(({ fills }) => fills))
    expect([...new Set(Object.values(map.askers).map(({ area }) => area))].sort()).toEqual(reaching(({ asks, looks }) => asks || looks))
    expect(map.asking).toEqual(reaching(({ asks }) => asks))
    expect(Object.keys(map.askers).filter((grant) => grant.startsWith('operations:'))).toEqual(['operations:audit'])
    expect(map.stored).toEqual(reaching(({ store }) => store))
  })

  test('the store has the indexes and the times to live of its file, each once', () => {
    const file = JSON.parse(readText('infra/firestore.indexes.json')) as { indexes: unknown[]; fieldOverrides: Array<{ collectionGroup: string; fieldPath: string; ttl?: boolean }> }
    expect(made('google_firestore_index.index').size).toBe(file.indexes.length)
    const keys = (expires: boolean): string[] => file.fieldOverrides.filter(({ ttl = false }) => ttl === expires).map(({ collectionGroup, fieldPath }) => `${collectionGroup}.${fieldPath}`).sort()
    expect([...made('google_firestore_field.expiring').keys()].sort()).toEqual(keys(true))
    expect([...made('google_firestore_field.plain').keys()].sort()).toEqual(keys(false))
  })

  test('the warehouse has the tables, views and columns that are declared', () => {
    expect([...made('google_bigquery_table.table').keys()].sort()).toEqual(TABLES.map(({ dataset, name }) => `${dataset}.${name}`).sort())
    expect([...made('google_bigquery_table.view').keys()].sort()).toEqual([...TABLES.map(({ dataset, view }) => `${dataset}.${view}`), ...UNITED_VIEWS.map(({ dataset, name }) => `${dataset}.${name}`)].sort())
    for (const table of TABLES) {
      const schema = JSON.parse(map.tables[`${table.dataset}.${table.name}`]?.schema ?? '[]') as Array<{ name: string }>
      expect(schema.map(({ name }) => name)).toEqual(table.columns.map(({ name }) => name))
    }
    for (const { query } of Object.values(map.views)) expect(query).toMatch(/FROM `PROJECT\.\w+\.\w+`/)
  })

  test('every function wakes somebody in its own words, and what is promised is watched', () => {
    const alerts = made('google_monitoring_alert_policy.function')
    for (const { name, impact } of declarations) expect(JSON.stringify(alerts.get(name))).toContain(impact)
    const promised = ['answered', 'fast', 'prompt'].flatMap((kind) => [...made(`google_monitoring_slo.${kind}`).keys()])
    expect(promised).toEqual(expect.arrayContaining(['checkout-paid', 'checkout-fast', 'mail-sent', 'mail-prompt', 'dashboard-answered', 'dashboard-fast']))
    const told = ['answered', 'fast', 'prompt'].flatMap((kind) => [...made(`google_monitoring_alert_policy.${kind}`).keys()])
    expect(told).toEqual(promised)
  })

  test('names are such as Google takes', () => {
    const accounts = instances.filter(({ block }) => block.type === 'google_service_account').map(({ values }) => String(values['account_id']))
    expect(accounts.filter((name) => !ACCOUNT.test(name))).toEqual([])
    expect(new Set(accounts).size).toBe(accounts.length)
  })
})

describe('refuses', () => {
  test('a way to the warehouse of which nobody has said what rights it needs', () => {
    const ways = [...readText('shared/platform/bigquery.ts').matchAll(/^export async function\*? (\w+)/gm)].map(([, name = '']) => name)
    expect(ways.filter((name) => WAREHOUSE_CALLS[name] === undefined).map((name) => `infra/build/reach.ts: say what ${name} needs.`)).toEqual([])
  })

  test('to publish past the one place that knows topics', () => {
    const strays = sourcesIn('functions', 'shared').filter(({ path, bare }) => path !== 'shared/platform/pubsub.ts' && /PublisherClient|\.topic\(/.test(bare))
    expect(strays.map(({ path }) => path)).toEqual([])
  })

  test('an unknown section of the configuration', () => {
    expect(() => settingsIn('payments')).toThrow('no section "payments"')
  })
})
