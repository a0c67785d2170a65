/**
 * Compares the live tables and views of BigQuery with their declaration every day, and calls staff when they differ. It
 * changes nothing: tables are made and mended by `npm run warehouse -- apply`.
 *
 * Safe to run twice: it only reads, and the same differences are one alert.
 */
import { driftAlert, DRIFT_KEY, latestView, renamedView, tableDrift, viewDrift, type LiveTable } from '#domain/warehouse-drift.ts'
import { TABLES, UNITED_VIEWS } from '#domain/warehouse.ts'
import { datasetNames, tableMetadata } from '#platform/bigquery.ts'
import { openAmong, sayAlerts } from '#stores/alerts.ts'
import { schedule } from '#entry/schedule.ts'

/** Counted: read (tables and views), failed (differences). */
export const reconcileSchema = schedule({
  name: 'reconcile-schema',
  cron: '5 9 * * *',
  impact: 'Rows of a changed table are refused and nobody knows why.',
  run: async () => {
    const views = [...TABLES.map(latestView), ...UNITED_VIEWS].map((view) => renamedView(view, datasetNames()))
    const ofTables = await Promise.all(TABLES.map(async (table) => tableDrift(table, await liveOf(table))))
    const ofViews = await Promise.all(views.map(async (view) => viewDrift(view, await liveOf(view))))
    const drifts = [...ofTables, ...ofViews].flat()
    if (drifts.length > 0) await sayAlerts([{ raise: driftAlert(drifts) }])
    else if ((await openAmong([DRIFT_KEY])).size > 0) await sayAlerts([{ resolve: DRIFT_KEY }])
    return { read: TABLES.length + views.length, failed: drifts.length }
  },
})

async function liveOf({ dataset, name }: { readonly dataset: string; readonly name: string }): Promise<LiveTable | undefined> {
  return (await tableMetadata(dataset, name)) as LiveTable | undefined
}
