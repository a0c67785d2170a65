/** A row on its way to the warehouse: one fact, of a table that is declared. What is written wrongly does not compile. */
import type { Dataset, TablePath, TableRow } from './warehouse.ts'

export interface WarehouseRow {
  readonly dataset: Dataset
  readonly table: string
  /** Names the fact: a row that arrives twice counts once. */
  readonly insertId: string
  readonly json: Record<string, unknown>
}

export function factRow<Path extends TablePath>(path: Path, insertId: string, json: TableRow<Path>): WarehouseRow {
  const [dataset, table] = path.split('.') as [Dataset, string]
  return { dataset, table, insertId, json }
}

/** `commerce.orders_log` */
export function pathOf({ dataset, table }: Pick<WarehouseRow, 'dataset' | 'table'>): string {
  return `${dataset}.${table}`
}
