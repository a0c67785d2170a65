/**
 * Compares the warehouse with its declaration, and makes of it what may be made: see `shared/domain/warehouse-drift.ts`.
 * Safe to run twice: what is as it is declared is left alone.
 */
import type { BigQuery } from '@google-cloud/bigquery'
import { latestView, renamedView, tableDrift, viewDrift, withMissing, type Drift, type LiveTable } from '../../shared/domain/warehouse-drift.ts'
import { definitionOf, TABLES, UNITED_VIEWS, type Table } from './tables.ts'
import type { UnitedView } from '../../shared/domain/warehouse.ts'

/** What the shop calls its datasets, where that is not what they are declared as. */
export type DatasetNames = Readonly<Partial<Record<string, string>>>

export interface Warehouse {
  readonly client: BigQuery
  readonly names?: DatasetNames
  readonly location?: string
}

/** Everything that differs. Only reads. */
export async function checkWarehouse(warehouse: Warehouse): Promise<Drift[]> {
  const present = await namesPresent(warehouse)
  const drifts = [
    ...TABLES.map(async (table) => tableDrift(table, await liveOf(warehouse, table, present))),
    ...viewsOf(warehouse).map(async (view) => viewDrift(view, await liveOf(warehouse, view, present))),
  ]
  return (await Promise.all(drifts)).flat()
}

export interface Applied {
  readonly done: readonly Drift[]
  /** What is left, each named. */
  readonly refused: readonly Drift[]
}

/** Makes what is missing and mends what can be. */
export async function applyWarehouse(warehouse: Warehouse): Promise<Applied> {
  const datasets = [...new Set(TABLES.map(({ dataset }) => dataset))]
  await Promise.all(datasets.map((dataset) => unlessThere(warehouse.client.createDataset(nameOf(warehouse, dataset), placed(warehouse)))))
  const present = await namesPresent(warehouse)
  const drifts = (await Promise.all(TABLES.map((table) => mendedTable(warehouse, table, present)))).flat()
  const grown = new Set(drifts.filter(({ mend }) => mend === 'add' || mend === 'widen').map(({ table }) => table))
  const held = drifts.filter(({ mend }) => mend === 'refused').map(({ table }) => table)
  const sound = viewsOf(warehouse).filter(({ dataset, name }) => !held.includes(`${dataset}.${name}_log`))
  const latest = sound.filter(({ name }) => TABLES.some(({ view }) => view === name))
  // What unites views waits until all of them are sound.
  const united = held.length > 0 ? [] : sound.filter((view) => !latest.includes(view))
  for (const views of [latest, united]) {
    drifts.push(...(await Promise.all(views.map((view) => mendedView(warehouse, view, { present, grown })))).flat())
  }
  return { done: drifts.filter(({ mend }) => mend !== 'refused'), refused: drifts.filter(({ mend }) => mend === 'refused') }
}

/**
 * As `applyWarehouse`, for a cloud that must be as declared.
 * @throws Error that names what is refused
 */
export async function createWarehouse(warehouse: Warehouse): Promise<void> {
  const { refused } = await applyWarehouse(warehouse)
  if (refused.length > 0) throw new Error(refused.map(({ what }) => `${what}.`).join(' '))
}

/** Those over one table first, then those over them. */
function viewsOf({ names = {} }: Warehouse): UnitedView[] {
  return [...TABLES.map(latestView), ...UNITED_VIEWS].map((view) => renamedView(view, names))
}

function nameOf({ names = {} }: Warehouse, dataset: string): string {
  return names[dataset] ?? dataset
}

function placed({ location }: Warehouse): { location?: string } {
  return location === undefined ? {} : { location }
}

type At = Pick<UnitedView, 'dataset' | 'name'>

function tableAt(warehouse: Warehouse, { dataset, name }: At) {
  return warehouse.client.dataset(nameOf(warehouse, dataset)).table(name)
}

/** Tables and views that exist, as `commerce.orders_log`. */
async function namesPresent(warehouse: Warehouse): Promise<ReadonlySet<string>> {
  const datasets = [...new Set(TABLES.map(({ dataset }) => dataset))]
  const found = await Promise.all(datasets.map(async (dataset) => {
    const [tables] = await warehouse.client.dataset(nameOf(warehouse, dataset)).getTables().catch(unlessMissing)
    return tables.map(({ id }) => `${dataset}.${id ?? ''}`)
  }))
  return new Set(found.flat())
}

function unlessMissing(error: unknown): [Array<{ id?: string }>] {
  if ((error as { code?: number }).code === 404) return [[]]
  throw error
}

async function liveOf(warehouse: Warehouse, at: At, present: ReadonlySet<string>): Promise<LiveTable | undefined> {
  if (!present.has(`${at.dataset}.${at.name}`)) return undefined
  const [metadata] = await tableAt(warehouse, at).getMetadata()
  return metadata as LiveTable
}

async function mendedTable(warehouse: Warehouse, table: Table, present: ReadonlySet<string>): Promise<Drift[]> {
  const live = await liveOf(warehouse, table, present)
  const drifts = tableDrift(table, live)
  const dataset = nameOf(warehouse, table.dataset)
  if (live === undefined) await unlessThere(warehouse.client.dataset(dataset).createTable(table.name, definitionOf(table) as object))
  if (drifts.some(({ mend }) => mend === 'add')) {
    const addable = table.columns.filter(({ mode }) => mode !== 'REQUIRED')
    await tableAt(warehouse, table).setMetadata({ schema: { fields: withMissing(live?.schema?.fields ?? [], addable) } } as object)
  }
  // Only a statement widens a column: the table's resource cannot.
  for (const { column } of drifts.filter(({ mend }) => mend === 'widen')) {
    const type = table.columns.find(({ name }) => name === column)?.type ?? ''
    await warehouse.client.query(`ALTER TABLE \`${dataset}.${table.name}\` ALTER COLUMN ${column ?? ''} SET DATA TYPE ${type}`)
  }
  return drifts
}

interface Around {
  readonly present: ReadonlySet<string>
  /** Tables with a column more, or another one: a view shows those that its table had when it was made. */
  readonly grown: ReadonlySet<string>
}

async function mendedView(warehouse: Warehouse, at: UnitedView, { present, grown }: Around): Promise<Drift[]> {
  const live = await liveOf(warehouse, at, present)
  const drifts = viewDrift(at, live)
  const view = { query: at.query, useLegacySql: false }
  if (live === undefined) await unlessThere(warehouse.client.dataset(nameOf(warehouse, at.dataset)).createTable(at.name, { view }))
  else if (drifts.length > 0 || grown.has(`${at.dataset}.${at.name}_log`)) await tableAt(warehouse, at).setMetadata({ view })
  return drifts
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if ((error as { code?: number }).code !== 409) throw error
  }
}
