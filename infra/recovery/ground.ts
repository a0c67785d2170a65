/** What the drill reaches past the shop itself: its store, its clocks and its warehouse, by the addresses of a local cloud. */
import { BigQuery } from '@google-cloud/bigquery'
import { Firestore } from '@google-cloud/firestore'
import { CloudSchedulerClient } from '@google-cloud/scheduler'
import { credentials } from '@grpc/grpc-js'
import { PassThroughClient } from 'google-auth-library'
import { REGION } from '../build/firebase.ts'
import { customersForgotten } from '../../shared/stores/statements/customers-forgotten.ts'
import { PROJECT_ID } from '../local/servers.ts'

// The clients would ask the network for credentials that nobody needs here.
process.env['METADATA_SERVER_DETECTION'] = 'none'

/** Addresses, by the variable that takes each. */
export type Services = Readonly<Record<string, string>>

export async function servicesOf(url: URL): Promise<Services> {
  const answer = await fetch(new URL('/_local', url))
  return ((await answer.json()) as { services: Services }).services
}

export async function withStore<Result>(services: Services, work: (store: Firestore) => Promise<Result>): Promise<Result> {
  const host = services['FIRESTORE_EMULATOR_HOST'] ?? ''
  const store = new Firestore({ projectId: PROJECT_ID, host, ssl: false, customHeaders: { Authorization: 'Bearer owner' } })
  try {
    return await work(store)
  } finally {
    await store.terminate()
  }
}

/** Nothing runs on a clock while the state is put back: a sweep over half of it would act on what is not there yet. */
export async function pauseJobs(services: Services, paused: boolean): Promise<void> {
  const [servicePath, port] = (services['SCHEDULER_EMULATOR_HOST'] ?? '').split(':')
  const client = new CloudSchedulerClient({ servicePath: servicePath ?? '', port: Number(port), sslCreds: credentials.createInsecure() })
  const [jobs] = await client.listJobs({ parent: `projects/${PROJECT_ID}/locations/${REGION}` })
  for (const { name } of jobs) await (paused ? client.pauseJob({ name: name ?? '' }) : client.resumeJob({ name: name ?? '' }))
  await client.close()
}

/** Customers who were forgotten after a moment, as the audit trail in the warehouse has it. */
export async function forgottenSince(services: Services, since: string): Promise<string[]> {
  const client = new BigQuery({ projectId: PROJECT_ID, apiEndpoint: services['BIGQUERY_EMULATOR_HOST'] ?? '', authClient: new PassThroughClient() as never })
  const { query, params, bytesBilledMax } = customersForgotten(since)
  const [rows] = await client.query({ query, params: { ...params }, maximumBytesBilled: String(bytesBilledMax) })
  return (rows as Array<{ subject: string }>).map(({ subject }) => subject)
}
