/**
 * `infra/google/generated.json`: everything Terraform makes for which the code is the source, as plain data. The HCL beside it
 * says how each thing is made, this which things there are; every `for_each` there names one key here.
 */
import { readFileSync } from 'node:fs'
import { Cron } from 'croner'
import type { Declaration, MessageDeclaration, ScheduleDeclaration } from '../../shared/entry/declaration.ts'
import { CHECKED_AT_START, settingsIn, type Setting } from '../../shared/platform/config.ts'
import { inboxTopic } from '../../shared/stores/inbox.ts'
import { fieldOf, partitioningOf, TABLES, UNITED_VIEWS, viewOf, type Table } from '../warehouse/tables.ts'
import { failuresMaxOf, objectivesOf, RETRIES, severityOf, type Owned } from './alarms.ts'
import { placesOf, type Place } from './contents.ts'
import { INBOX, reachOf, type Reach } from './reach.ts'
import { resourcesOf } from './resources.ts'

export type GoogleMap = Awaited<ReturnType<typeof googleMap>>
type Settings = readonly Setting[]

/** A function with all that is known of it without running it. */
interface Known {
  readonly declaration: Declaration
  readonly place: Place
  readonly reach: Reach
  /** The topics that it may publish to, by their names. */
  readonly topics: readonly string[]
  readonly settings: Settings
}

const INDEX_FILE = new URL('../firestore.indexes.json', import.meta.url)
/** Settings are secrets by their names; a test holds that those of the local Secret Manager are told by it. */
const SECRET = /(?:SECRET|TOKEN|PASSWORD|PEPPER|(?<!PUBLIC_)KEY|LOGIN_ID)(?:_PREVIOUS)?$/
/** Google's words for how grave something is. */
const SEVERITIES = { p0: 'CRITICAL', p1: 'ERROR', p2: 'WARNING' } as const
/** Settings that Terraform sets itself. */
const SET_BY_TERRAFORM = ['GCP_PROJECT_ID']

export function isSecret(name: string): boolean {
  return SECRET.test(name)
}

export async function googleMap(declarations: readonly Declaration[]) {
  const functions = await knownOf(declarations)
  const secrets = unique(functions.flatMap(({ settings }) => settings.map(({ name }) => name).filter(isSecret)))
  const messages = declarations.filter((one) => one.kind === 'message')
  return {
    areas: areasOf(functions),
    functions: byName(functions, functionOf),
    public_functions: namesOf(declarations, (one) => one.kind === 'endpoint' || one.kind === 'webhook'),
    topics: unique(messages.map(({ topic }) => topic)),
    subscriptions: byName(messages.map((declaration) => ({ declaration })), ({ declaration }) => subscriptionOf(declaration)),
    schedules: byName(declarations.filter((one) => one.kind === 'schedule').map((declaration) => ({ declaration })), ({ declaration }) => jobOf(declaration)),
    publishers: grants(functions, ({ topics }) => topics, 'topic'),
    stored: unique(functions.filter(({ reach }) => reach.store).map(({ place }) => place.area)),
    fillers: grants(functions, ({ reach }) => (reach.fills ? datasets() : []), 'dataset'),
    askers: grants(functions, ({ reach }) => askedBy(reach), 'dataset'),
    asking: unique(functions.filter(({ reach }) => reach.asks).map(({ place }) => place.area)),
    secrets: Object.fromEntries(secrets.map((name) => [name, { required: functions.some(({ settings }) => settings.some((one) => one.name === name && one.required)) }])),
    secret_readers: grants(functions, ({ settings }) => settings.map(({ name }) => name).filter(isSecret), 'secret'),
    ...storeOf(JSON.parse(readFileSync(INDEX_FILE, 'utf8')) as IndexFile),
    datasets: datasets(),
    tables: Object.fromEntries(TABLES.map((table) => [`${table.dataset}.${table.name}`, tableOf(table)])),
    views: Object.fromEntries(VIEWS.map((view) => [`${view.dataset}.${view.name}`, viewFacts(view)] as const)),
    ...promisesOf(objectivesOf(declarations)),
    promised: unique(objectivesOf(declarations).map(({ function: name }) => name)),
  }
}

export async function googleJson(declarations: readonly Declaration[]): Promise<string> {
  const parts = Object.entries(await googleMap(declarations)).map(([name, part]) => `  "${name}": ${linesOf(part)}`)
  return `{\n${parts.join(',\n')}\n}\n`
}

/** One line for each thing there is, so that a difference is read at a glance. */
function linesOf(part: object): string {
  const isList = Array.isArray(part)
  const lines = Object.entries(part).map(([key, value]) => `    ${isList ? '' : `"${key}": `}${JSON.stringify(value)}`)
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n  ${close}`
}

async function knownOf(declarations: readonly Declaration[]): Promise<Known[]> {
  const places = placesOf(declarations)
  const reaches = await reachOf([...places.values()].map(({ file }) => file))
  const inboxes = declarations.flatMap((one) => (one.kind === 'webhook' ? [inboxTopic(one.vendor)] : []))
  return declarations.map((declaration) => {
    const place = places.get(declaration.name) as Place
    const reach = reaches.get(place.file) as Reach
    const inbox = declaration.kind === 'webhook' ? [inboxTopic(declaration.vendor)] : inboxes
    const topics = unique(reach.topics.flatMap((topic) => (topic === INBOX ? inbox : [topic])))
    // Only what people call is checked as a whole when it starts (`shipped/start.ts`).
    const sections = unique([...(declaration.kind === 'endpoint' ? CHECKED_AT_START : []), ...reach.sections])
    return { declaration, place, reach, topics, settings: sections.flatMap(settingsIn) }
  })
}

function areasOf(functions: readonly Known[]) {
  const areas = Map.groupBy(functions, ({ place }) => place.area)
  return Object.fromEntries([...areas].sort(byKey).map(([area, own]) => [area, { functions: own.map(({ place }) => place.name).sort() }]))
}

function functionOf({ declaration, place, settings }: Known) {
  const { cpu, memoryMib, concurrency, instancesMin, instancesMax } = resourcesOf(declaration)
  const names = (which: (setting: Setting) => boolean): string[] => unique(settings.filter(which).map(({ name }) => name))
  return {
    area: place.area,
    kind: declaration.kind,
    impact: declaration.impact,
    severity: SEVERITIES[severityOf(declaration)],
    failures_max: failuresMaxOf(declaration),
    cpu: String(cpu),
    memory: `${memoryMib}Mi`,
    concurrency,
    instances_min: instancesMin,
    instances_max: instancesMax,
    timeout_seconds: declaration.timeoutSeconds,
    // Hosting comes from outside; Scheduler and Pub/Sub of the same project count as inside.
    ingress: 'path' in declaration ? 'ALLOW_ALL' : 'ALLOW_INTERNAL_ONLY',
    secrets: names(({ name }) => isSecret(name)),
    secrets_required: names(({ name, required }) => required && isSecret(name)),
    settings_required: names(({ name, required }) => required && !isSecret(name) && !SET_BY_TERRAFORM.includes(name)),
  }
}

function subscriptionOf({ topic, filter, ackDeadlineSeconds, deliveryAttemptsMax, backoffSeconds }: MessageDeclaration) {
  return {
    topic,
    filter: filter ?? '',
    ack_deadline_seconds: ackDeadlineSeconds,
    delivery_attempts_max: deliveryAttemptsMax,
    backoff_min: `${backoffSeconds.min}s`,
    backoff_max: `${backoffSeconds.max}s`,
  }
}

/** What comes again within this needs no other try. */
const OFTEN_MS = 5 * 60_000
/** The shortest that Scheduler takes. */
const ATTEMPT_SECONDS_MIN = 15

function jobOf({ cron, timeZone = 'UTC', timeoutSeconds, impact }: ScheduleDeclaration) {
  const [first, second] = new Cron(cron, { timezone: timeZone }).nextRuns(2, new Date('2026-01-01T00:00:00.000Z'))
  const often = first !== undefined && second !== undefined && second.getTime() - first.getTime() < OFTEN_MS
  return {
    cron,
    time_zone: timeZone,
    about: impact,
    attempt_deadline: `${Math.max(timeoutSeconds, ATTEMPT_SECONDS_MIN)}s`,
    retries: often ? 0 : RETRIES,
  }
}

/** One entry for each area and each thing of which any of its functions needs it: `checkout:mail-queued`. */
function grants<Key extends string>(functions: readonly Known[], of: (known: Known) => readonly string[], key: Key): Record<string, Record<Key | 'area', string>> {
  const pairs = functions.flatMap((known) => of(known).map((thing) => [known.place.area, thing] as const))
  const entries = pairs.map(([area, thing]) => [`${area}:${thing}`, { area, [key]: thing } as Record<Key | 'area', string>] as const)
  return Object.fromEntries([...new Map(entries)].sort(byKey))
}

interface IndexField {
  readonly fieldPath: string
  readonly order?: string
  readonly arrayConfig?: string
  readonly vectorConfig?: { readonly dimension: number }
}
interface IndexFile {
  readonly indexes: ReadonlyArray<{ readonly collectionGroup: string; readonly queryScope?: string; readonly fields: readonly IndexField[] }>
  readonly fieldOverrides: ReadonlyArray<{
    readonly collectionGroup: string
    readonly fieldPath: string
    readonly ttl?: boolean
    readonly indexes?: ReadonlyArray<{ readonly order?: string; readonly arrayConfig?: string; readonly queryScope?: string }>
  }>
}

function storeOf({ indexes, fieldOverrides }: IndexFile) {
  const composites = indexes.map(({ collectionGroup, queryScope = 'COLLECTION', fields }) => {
    const key = `${collectionGroup}:${fields.map(fieldText).join(',')}${queryScope === 'COLLECTION' ? '' : ':group'}`
    return [key, { collection: collectionGroup, scope: queryScope, fields: fields.map(indexField) }] as const
  })
  const overrides = fieldOverrides.map(({ collectionGroup, fieldPath, ttl = false, indexes: single = [] }) => {
    const own = single.map(({ order, arrayConfig, queryScope = 'COLLECTION' }) => ({ order: order ?? null, array: arrayConfig ?? null, scope: queryScope }))
    return [`${collectionGroup}.${fieldPath}`, { collection: collectionGroup, field: fieldPath, indexes: own, expires: ttl }] as const
  })
  return {
    indexes: Object.fromEntries(composites),
    expiring_fields: Object.fromEntries(overrides.filter(([, { expires }]) => expires)),
    plain_fields: Object.fromEntries(overrides.filter(([, { expires }]) => !expires)),
  }
}

function fieldText({ fieldPath, order, arrayConfig, vectorConfig }: IndexField): string {
  const how = vectorConfig === undefined ? (arrayConfig ?? order ?? '') : 'VECTOR'
  return how === 'ASCENDING' ? fieldPath : `${fieldPath} ${how.toLowerCase()}`
}

function indexField({ fieldPath, order, arrayConfig, vectorConfig }: IndexField) {
  return { path: fieldPath, order: order ?? null, array: arrayConfig ?? null, dimension: vectorConfig?.dimension ?? null }
}

/** Who looks at tables looks at all of them; whose statements name no dataset may mean any. */
function askedBy({ asks, looks, datasets: named }: Reach): readonly string[] {
  if (looks || (asks && named.length === 0)) return datasets()
  return asks ? named : []
}

function datasets(): string[] {
  return unique(TABLES.map(({ dataset }) => dataset))
}

function tableOf(table: Table) {
  const { field, expirationMs } = partitioningOf(table)
  return {
    dataset: table.dataset,
    name: table.name,
    schema: JSON.stringify(table.columns.map(fieldOf)),
    partitioned_by: field,
    expiration_ms: expirationMs,
    require_partition_filter: table.partitionFilter ?? false,
    clustered_by: table.clusteredBy,
  }
}

/** Those over one table, and those that unite several: each reads tables only, so that they can be made in any order. */
const VIEWS = [...TABLES.map((table) => ({ dataset: table.dataset, name: table.view, query: viewOf(table) })), ...UNITED_VIEWS]

/** A view names its tables with their project. */
function viewFacts({ dataset, name, query }: (typeof VIEWS)[number]) {
  const [, table = ''] = /FROM `(\w+\.\w+)`/.exec(query) ?? []
  return { dataset, name, table, query: query.replaceAll(/`(?=\w+\.\w+`)/g, '`PROJECT.') }
}

/** By how they are measured: answers that are no failure, answers in time, messages that do not wait. */
function promisesOf(all: readonly Owned[]) {
  const facts = ({ function: name, about, goal }: Owned) => ({ function: name, about, goal })
  return {
    objectives: Object.fromEntries(all.filter(({ withinMs, waitsSecondsMax }) => withinMs === undefined && waitsSecondsMax === undefined).map((one) => [one.id, facts(one)])),
    latencies: Object.fromEntries(all.flatMap((one) => (one.withinMs === undefined ? [] : [[one.id, { ...facts(one), within_ms: one.withinMs }]]))),
    waits: Object.fromEntries(all.flatMap((one) => (one.waitsSecondsMax === undefined ? [] : [[one.id, { ...facts(one), seconds_max: one.waitsSecondsMax }]]))),
  }
}

function byName<One extends { readonly declaration: Declaration }, Facts>(all: readonly One[], facts: (one: One) => Facts): Record<string, Facts> {
  return Object.fromEntries(all.map((one) => [one.declaration.name, facts(one)] as const).sort(byKey))
}

function namesOf(declarations: readonly Declaration[], which: (declaration: Declaration) => boolean): string[] {
  return declarations.filter(which).map(({ name }) => name).sort()
}

function byKey([one]: readonly [string, ...unknown[]], [other]: readonly [string, ...unknown[]]): number {
  return one < other ? -1 : 1
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort()
}
