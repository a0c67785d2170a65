/**
 * Datasets, tables and views: declarations on disk, rows in DuckDB. The declaration is the truth: it is written after
 * DuckDB's table exists and removed before it goes, so that a kill in between leaves nothing that can be seen.
 */
import type { Shelf, Shelves } from '../disk.ts'
import type { Timeline } from '../timeline.ts'
import type { Engine } from './engine.ts'
import { Refusal } from './refusal.ts'
import { addedFields, checkTable, columnDefinitions, normalFields, type TableResource } from './schema.ts'
import type { Relation } from './scope.ts'
import { columnsOf, duckdbType, quoteName, type Field, type Scalar } from './columns.ts'
import { widened } from './widening.ts'

export type Resource = Readonly<Record<string, unknown>>

const LOCATION = 'US'
/** Written by the server; what a caller sends in them is ignored. */
const OWN_PARTS = 'kind id etag selfLink type creationTime lastModifiedTime location numRows numBytes'.split(' ')

export interface CatalogOptions {
  readonly timeline: Timeline
  readonly engine: Engine
  readonly shelves: Shelves
  readonly projectId: string
}

/** Datasets, tables and views, without rows. */
export interface Declared {
  readonly datasets: readonly Resource[]
  readonly tables: readonly TableResource[]
}

export interface TableChange {
  readonly body: Resource
  readonly etag?: string | undefined
  readonly viewFields?: readonly Field[] | undefined
}

export class Catalog {
  readonly #timeline: Timeline
  readonly #engine: Engine
  readonly #datasets: Shelf<Resource>
  readonly #tables: Shelf<TableResource>
  readonly projectId: string

  constructor({ timeline, engine, shelves, projectId }: CatalogOptions) {
    this.#timeline = timeline
    this.#engine = engine
    this.#datasets = shelves.shelf('datasets')
    this.#tables = shelves.shelf('tables')
    this.projectId = projectId
  }

  datasets(): Resource[] {
    return this.#datasets.values()
  }

  declared(): Declared {
    return { datasets: this.#datasets.values(), tables: this.#tables.values() }
  }

  /** Makes what is missing of it, all at once. */
  async declare({ datasets, tables }: Declared): Promise<void> {
    const missing = {
      datasets: datasets.map((dataset) => ({ dataset, id: nameOf(dataset) })).filter(({ id }) => !this.#datasets.has(id)),
      tables: tables.map((table) => ({ table, key: keyOf(table) })).filter(({ key }) => !this.#tables.has(key)),
    }
    const statements = [
      ...missing.datasets.map(({ id }) => `CREATE SCHEMA IF NOT EXISTS ${this.#schema(id)}`),
      ...missing.tables.filter(({ table }) => table.view === undefined).map(({ table }) => this.#creation(table.tableReference, table.schema.fields)),
    ]
    if (statements.length > 0) await this.#engine.change(statements.join('; '))
    for (const { dataset, id } of missing.datasets) this.#datasets.set(id, { ...dataset, ...this.#stamps(undefined) })
    for (const { table, key } of missing.tables) this.#tables.set(key, { ...table, ...this.#stamps(undefined) })
  }

  dataset(id: string): Resource {
    const dataset = this.#datasets.get(id)
    if (dataset === undefined) throw new Refusal('notFound', `Not found: Dataset ${this.projectId}:${id}`)
    return dataset
  }

  async createDataset(body: Resource): Promise<Resource> {
    const id = nameOf(body)
    if (!/^\w{1,1024}$/.test(id)) throw new Refusal('invalid', `Invalid dataset ID "${id}".`)
    if (this.#datasets.has(id)) throw new Refusal('duplicate', `Already Exists: Dataset ${this.projectId}:${id}`)
    await this.#engine.change(`CREATE SCHEMA IF NOT EXISTS ${this.#schema(id)}`)
    const datasetReference = { projectId: this.projectId, datasetId: id }
    const head = { kind: 'bigquery#dataset', id: `${this.projectId}:${id}`, datasetReference, location: LOCATION }
    return this.#datasets.set(id, { ...without(body), ...head, ...this.#stamps(undefined) })
  }

  updateDataset(id: string, body: Resource, etag: string | undefined): Resource {
    const before = this.dataset(id)
    checkEtag(before, etag)
    return this.#datasets.set(id, { ...merged(before, body), ...this.#stamps(before) })
  }

  async deleteDataset(id: string, withContents: boolean): Promise<void> {
    this.dataset(id)
    const tables = this.tables(id)
    if (tables.length > 0 && !withContents) {
      throw new Refusal('resourceInUse', `Dataset ${this.projectId}:${id} is still in use`)
    }
    for (const { tableReference } of tables) this.#tables.delete(`${id}.${tableReference.tableId}`)
    this.#datasets.delete(id)
    await this.#engine.change(`DROP SCHEMA IF EXISTS ${this.#schema(id)} CASCADE`)
  }

  tables(datasetId: string): TableResource[] {
    this.dataset(datasetId)
    return this.#tables.values().filter((table) => table.tableReference.datasetId === datasetId && !this.#expired(table))
  }

  table(datasetId: string, tableId: string): TableResource {
    this.dataset(datasetId)
    const table = this.#tables.get(`${datasetId}.${tableId}`)
    if (table === undefined || this.#expired(table)) {
      throw new Refusal('notFound', `Not found: Table ${this.projectId}:${datasetId}.${tableId}`)
    }
    return table
  }

  /** @param viewFields the columns that a view's query has */
  async createTable(datasetId: string, body: Partial<TableResource>, viewFields?: readonly Field[]): Promise<TableResource> {
    this.dataset(datasetId)
    const tableId = body.tableReference?.tableId ?? ''
    if (!/^[\w-]{1,1024}$/.test(tableId)) throw new Refusal('invalid', `Invalid table ID "${tableId}".`)
    const key = `${datasetId}.${tableId}`
    const name = `${this.projectId}:${key}`
    const existing = this.#tables.get(key)
    if (existing !== undefined && !this.#expired(existing)) throw new Refusal('duplicate', `Already Exists: Table ${name}`)
    const fields = normalFields(viewFields ?? body.schema?.fields ?? [])
    checkTable({ ...body, schema: { fields } })
    const tableReference = { projectId: this.projectId, datasetId, tableId }
    if (fields.length === 0) throw new Refusal('invalid', `The local server wants a schema for table ${name}.`)
    if (viewFields === undefined) {
      await this.#engine.change(this.#creation(tableReference, fields))
    }
    const type = viewFields === undefined ? 'TABLE' : 'VIEW'
    const head = { kind: 'bigquery#table', id: name, tableReference, type, location: LOCATION }
    return this.#tables.set(key, { ...without(body), ...head, schema: { fields }, ...this.#stamps(undefined) })
  }

  async updateTable(before: TableResource, change: TableChange): Promise<TableResource> {
    const { body, viewFields } = change
    checkEtag(before, change.etag)
    const { datasetId, tableId } = before.tableReference
    const given = merged(before, body) as unknown as TableResource
    const fields = normalFields(viewFields ?? given.schema.fields)
    const after: TableResource = { ...given, schema: { fields } }
    checkTable(after)
    if (before.view === undefined) {
      for (const { at, field } of addedFields(`${this.projectId}:${datasetId}.${tableId}`, before.schema.fields, fields)) {
        const [column = ''] = columnDefinitions([field])
        await this.#engine.change(`ALTER TABLE ${this.#sql(datasetId, tableId)} ADD COLUMN IF NOT EXISTS ${at}${column}`)
      }
    }
    const inPlace = inOrder(before.schema.fields, fields)
    return this.#tables.set(`${datasetId}.${tableId}`, { ...after, schema: { fields: inPlace }, ...this.#stamps(before) })
  }

  /** A column takes a wider type, with all its values. */
  async widenColumn(path: readonly string[], column: string, to: Scalar): Promise<void> {
    const [tableId = '', datasetId = ''] = path.toReversed()
    const table = this.table(datasetId, tableId)
    const fields = widened(table.schema.fields, column, to)
    await this.#engine.change(`ALTER TABLE ${this.#sql(datasetId, tableId)} ALTER COLUMN ${quoteName(column)} SET DATA TYPE ${duckdbType({ is: to })}`)
    this.#tables.set(`${datasetId}.${tableId}`, { ...table, schema: { fields: normalFields(fields) }, ...this.#stamps(table) })
  }

  async deleteTable(datasetId: string, tableId: string): Promise<void> {
    const table = this.table(datasetId, tableId)
    this.#tables.delete(`${datasetId}.${tableId}`)
    if (table.view === undefined) await this.#engine.change(`DROP TABLE IF EXISTS ${this.#sql(datasetId, tableId)}`)
  }

  /** The table or view that a statement names, with or without project and default dataset. */
  relation(path: readonly string[], defaultDataset: string | undefined): Relation {
    const [tableId = '', datasetId = defaultDataset, projectId = this.projectId] = path.toReversed()
    if (datasetId === undefined) {
      throw new Refusal('invalid', `Table "${tableId}" must be qualified with a dataset (e.g. dataset.table).`)
    }
    if (projectId !== this.projectId || path.length > 3) throw new Refusal('notFound', `Not found: Project ${projectId}`)
    const table = this.table(datasetId, tableId)
    const required = table.requirePartitionFilter ?? table.timePartitioning?.requirePartitionFilter ?? false
    return {
      name: `${datasetId}.${tableId}`,
      columns: columnsOf(table.schema.fields),
      view: table.view?.query,
      sql: this.#sql(datasetId, tableId),
      partitionColumn: required ? table.timePartitioning?.field : undefined,
    }
  }

  /** Name of the dataset in DuckDB; with the project, so that it is none of DuckDB's own schemas. */
  schemaName(datasetId: string): string {
    return `${this.projectId}.${datasetId}`
  }

  #schema(datasetId: string): string {
    return quoteName(this.schemaName(datasetId))
  }

  #creation({ datasetId, tableId }: TableResource['tableReference'], fields: readonly Field[]): string {
    return `CREATE OR REPLACE TABLE ${this.#sql(datasetId, tableId)} (${columnDefinitions(fields).join(', ')})`
  }

  #sql(datasetId: string, tableId: string): string {
    return `${this.#schema(datasetId)}.${quoteName(tableId)}`
  }

  #expired(table: TableResource): boolean {
    return table.expirationTime !== undefined && Number(table.expirationTime) <= this.#timeline.now()
  }

  #stamps(before: Resource | undefined): { creationTime: string; lastModifiedTime: string; etag: string } {
    const now = String(this.#timeline.now())
    const revision = Number(/\d+$/.exec(String(before?.['etag'] ?? '0'))?.[0]) + 1
    const creationTime = String(before?.['creationTime'] ?? now)
    return { creationTime, lastModifiedTime: now, etag: `${creationTime}-${revision}` }
  }
}

function nameOf(dataset: Resource): string {
  return String((dataset['datasetReference'] as { datasetId?: unknown } | undefined)?.datasetId ?? '')
}

function keyOf({ tableReference: { datasetId, tableId } }: TableResource): string {
  return `${datasetId}.${tableId}`
}

function checkEtag(before: Resource, etag: string | undefined): void {
  if (etag === undefined || etag === '*' || etag === before['etag']) return
  throw new Refusal('conditionNotMet', 'Precondition check failed.')
}

function without(body: Resource): Resource {
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => !OWN_PARTS.includes(name) && value !== null))
}

/** A PATCH: named parts are replaced, null removes one. */
function merged(before: Resource, body: Resource): Resource {
  const changed = Object.entries(body).filter(([name]) => !OWN_PARTS.includes(name) && !name.endsWith('Reference'))
  return Object.fromEntries([...Object.entries(before), ...changed].filter(([name]) => body[name] !== null))
}

/** DuckDB adds columns at the end, so the declaration keeps that order too. */
function inOrder(before: readonly Field[], after: readonly Field[]): Field[] {
  const names = before.map((field) => field.name.toLowerCase())
  const known = (field: Field) => names.includes(field.name.toLowerCase())
  const place = (field: Field) => names.indexOf(field.name.toLowerCase())
  const within = (field: Field): Field => {
    const inner = before[place(field)]?.fields
    return inner === undefined || field.fields === undefined ? field : { ...field, fields: inOrder(inner, field.fields) }
  }
  return [...after.filter(known).toSorted((one, other) => place(one) - place(other)).map(within), ...after.filter((field) => !known(field))]
}
