/** The warehouse's tables as BigQuery is told of them: from the one declaration, for the local cloud and for Terraform. */
import { expirationOf, fieldOf } from '../../shared/domain/warehouse-drift.ts'
import type { Table } from '../../shared/domain/warehouse.ts'

export { fieldOf } from '../../shared/domain/warehouse-drift.ts'
export { TABLES, UNITED_VIEWS, viewOf, type Column, type Table } from '../../shared/domain/warehouse.ts'

/** By the day of which column a table is cut, and when a day leaves it. */
export function partitioningOf(table: Table): { readonly field: string; readonly expirationMs: number } {
  return { field: 'created_at', expirationMs: Number(expirationOf(table)) }
}

export function definitionOf(table: Table) {
  const { field, expirationMs } = partitioningOf(table)
  return {
    schema: { fields: table.columns.map(fieldOf) },
    timePartitioning: { type: 'DAY', field, expirationMs: String(expirationMs) },
    requirePartitionFilter: table.partitionFilter ?? false,
    clustering: { fields: [...table.clusteredBy] },
  }
}
