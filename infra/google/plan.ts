/**
 * `npm run plan [-- --environment prod] [--full] [--json]`: prints what would exist at Google, each thing on a line with what is
 * most told by it, and how many of each type there are. It asks nobody: what exists already only Terraform knows.
 */
import { parseArgs } from 'node:util'
import { instancesOf, readBlocks, scopeOf, type Body, type Instance, type Value } from './configuration.ts'

const LINE_MAX = 170
/** What is told of the types of which there are many; of the others whatever fits on the line. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  google_cloudfunctions2_function: [
    'available_cpu', 'available_memory', 'max_instance_request_concurrency', 'min_instance_count', 'max_instance_count', 'timeout_seconds', 'ingress_settings', 'description',
  ],
  google_cloud_run_v2_service_iam_member: ['member', 'role'],
  google_monitoring_alert_policy: ['severity', 'display_name', 'content'],
  google_pubsub_subscription: ['topic', 'filter', 'ack_deadline_seconds', 'max_delivery_attempts', 'minimum_backoff', 'maximum_backoff', 'message_retention_duration'],
  google_cloud_scheduler_job: ['schedule', 'time_zone', 'attempt_deadline', 'retry_count', 'description'],
  google_firestore_field: ['ttl_config', 'order', 'array_config', 'query_scope'],
  google_bigquery_table: ['field', 'expiration_ms', 'require_partition_filter', 'clustering', 'query'],
  google_secret_manager_secret: ['required'],
  google_monitoring_slo: ['goal', 'rolling_period_days', 'display_name', 'max'],
  google_monitoring_dashboard: [],
}
/** What says nothing of one thing in particular. */
const SAID_OF_ALL = ['labels', 'location', 'region', 'project', 'depends_on', 'lifecycle', 'database', 'combiner', 'notification_channels']

const { values: flags } = parseArgs({
  options: { environment: { type: 'string', default: 'prod' }, full: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
})
const blocks = await readBlocks()
const instances = instancesOf(blocks, await scopeOf(blocks, flags.environment))
if (flags.json) say(JSON.stringify(instances.map(({ address, block: { type, file }, values }) => ({ address, type, file, values })), null, 2))
else tell()

function tell(): void {
  say(`What would exist in "${flags.environment}", by file.`)
  for (const [file, own] of Map.groupBy(instances, ({ block }) => block.file)) {
    say(`\n# infra/google/${file}`)
    for (const instance of own) say(flags.full ? fullText(instance) : lineOf(instance))
  }
  say('\n# How many')
  const counts = [...Map.groupBy(instances, ({ block }) => block.type)].map(([type, own]) => [type, own.length] as const)
  for (const [type, count] of counts.sort(([one], [other]) => (one < other ? -1 : 1))) say(`${String(count).padStart(5)}  ${type}`)
  say(`${String(instances.length).padStart(5)}  in all, of ${counts.length} types`)
}

function lineOf({ address, block, values }: Instance): string {
  const all = factsIn(values).map(([path, text]) => ({ path, name: path.split('.').findLast((word) => !/^\d+$/.test(word)) ?? '', text }))
  const told = TOLD[block.type]
  const facts = told === undefined
    ? all.filter(({ path }) => !SAID_OF_ALL.some((word) => path === word || path.startsWith(`${word}.`)))
    : told.flatMap((name) => all.filter((fact) => fact.name === name))
  const line = `+ ${address}  ${facts.map(({ name, text }) => `${name}=${text}`).join(' ')}`
  return line.length > LINE_MAX ? `${line.slice(0, LINE_MAX - 3)}...` : line
}

function fullText({ address, values }: Instance): string {
  return [`+ ${address}`, ...factsIn(values).map(([path, text]) => `    ${path} = ${text}`)].join('\n')
}

/** Every plain value with the path to it; a list of one block counts as the block. */
function factsIn(value: Value, path = ''): Array<readonly [string, string]> {
  if (value === null) return []
  if (typeof value !== 'object') return [[path, String(value).replaceAll(/\s+/g, ' ')]]
  const entries = Object.entries(value as Body)
  const single = Array.isArray(value) && entries.length === 1
  return entries.flatMap(([key, inner]) => factsIn(inner, single || path === '' ? path || key : `${path}.${key}`))
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
