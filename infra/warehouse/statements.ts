/**
 * Every statement that the shop asks BigQuery, with parameters as they might be: so that a warehouse can be asked whether it
 * takes them. A dry run costs nothing, and finds names, types and syntax that the local server judges otherwise.
 */
import type { Statement } from '../../shared/platform/bigquery.ts'
import { auditEventsOfDay } from '../../shared/stores/statements/audit-events-of-day.ts'
import { auditEventsPage } from '../../shared/stores/statements/audit-events-page.ts'
import { auditSeals } from '../../shared/stores/statements/audit-seals.ts'
import { campaignFigures } from '../../shared/stores/statements/campaign-figures.ts'
import { customersByValue } from '../../shared/stores/statements/customers-by-value.ts'
import { customersForgotten } from '../../shared/stores/statements/customers-forgotten.ts'
import { customersWon } from '../../shared/stores/statements/customers-won.ts'
import { factsFound } from '../../shared/stores/statements/facts-found.ts'
import { ledgerEntriesOfDays } from '../../shared/stores/statements/ledger-entries-of-days.ts'
import { productSales } from '../../shared/stores/statements/product-sales.ts'
import { productUnitsByDay } from '../../shared/stores/statements/product-units-by-day.ts'
import { salesByChannel } from '../../shared/stores/statements/sales-by-channel.ts'
import { salesByCohort } from '../../shared/stores/statements/sales-by-cohort.ts'
import { salesByDay } from '../../shared/stores/statements/sales-by-day.ts'
import { salesByHour } from '../../shared/stores/statements/sales-by-hour.ts'
import { salesByTier } from '../../shared/stores/statements/sales-by-tier.ts'
import { today } from '../../shared/stores/statements/today.ts'
import type { Warehouse } from './create.ts'
import { TABLES } from './tables.ts'

const SALES = { from: '2026-11-01T05:00:00.000Z', to: '2026-11-30T06:00:00.000Z', currency: 'USD', zone: 'America/Chicago' }
const DAY = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' }

/** By the names of their files. */
export const STATEMENTS: Readonly<Record<string, Statement>> = {
  'audit-events-of-day': auditEventsOfDay(DAY),
  'audit-events-of-day in some ids': auditEventsOfDay({ ...DAY, ids: ['one'] }),
  'audit-events-page': auditEventsPage({ ...DAY, after: '', limit: 51 }),
  'audit-seals': auditSeals(),
  'campaign-figures': campaignFigures(SALES),
  'customers-by-value': customersByValue(SALES),
  'customers-forgotten': customersForgotten('2026-11-20T00:00:00.000Z'),
  'customers-won': customersWon(SALES),
  ...Object.fromEntries(TABLES.map(({ dataset, name }) => [`facts-found in ${dataset}.${name}`, factsFound({ table: `${dataset}.${name}`, fromDay: '2026-11-01', toDay: '2026-11-30', ids: ['one'] })])),
  'ledger-entries-of-days': ledgerEntriesOfDays({ fromDay: '2026-11-01', beforeDay: '2026-11-30' }),
  'product-sales': productSales(SALES),
  'product-units-by-day': productUnitsByDay(SALES),
  'sales-by-channel': salesByChannel(SALES),
  'sales-by-cohort': salesByCohort(SALES),
  'sales-by-day': salesByDay(SALES),
  'sales-by-hour': salesByHour(SALES),
  'sales-by-tier': salesByTier(SALES),
  today: today({ ...SALES, today: '2026-11-29T06:00:00.000Z' }),
}

/** What BigQuery has against statements: one sentence for each that it would not run. */
export async function statementFaults({ client, names = {} }: Warehouse): Promise<string[]> {
  const faults = Object.entries(STATEMENTS).map(async ([name, { query, params }]) => {
    const renamed = query.replaceAll(/`(\w+)\./g, (_, dataset: string) => `\`${names[dataset] ?? dataset}.`)
    try {
      await client.createQueryJob({ query: renamed, params: { ...params }, dryRun: true })
      return []
    } catch (error) {
      return [`${name}: ${(error as Error).message}`]
    }
  })
  return (await Promise.all(faults)).flat()
}
