/** The Firestore client, loaded when it is first needed. */
import type * as Client from '@google-cloud/firestore'
import { config } from './config.ts'

type Module = typeof Client
type CommitClient = new (...parameters: never[]) => { commit(request: unknown, options?: { readonly retry?: object }): unknown }

let loading: Promise<{ client: Client.Firestore; module: Module }> | undefined

export async function firestoreClient(): Promise<{ client: Client.Firestore; module: Module }> {
  loading ??= load()
  return loading
}

async function load(): Promise<{ client: Client.Firestore; module: Module }> {
  const { default: exported, ...named } = (await import('@google-cloud/firestore')) as unknown as Module & { default?: Module }
  const module = exported ?? (named as Module)
  commitInTime(module.v1 as unknown as { FirestoreClient: CommitClient }, config('deadlines').STORE_DEADLINE_MS)
  const client = new module.Firestore({ projectId: config('shop').GCP_PROJECT_ID, ignoreUndefinedProperties: true })
  return { client, module }
}

/**
 * By itself the client sends a commit again for ten minutes. One that its caller has given up, and told somebody that it
 * failed, must not be made later: it is sent again as long as anybody waits for it. The limits that the client lets one
 * configure do not reach its batches, so its class is given them here.
 */
function commitInTime(v1: { FirestoreClient: CommitClient }, ms: number): void {
  const backoffSettings = {
    initialRetryDelayMillis: 100, retryDelayMultiplier: 1.3, maxRetryDelayMillis: ms,
    initialRpcTimeoutMillis: ms, rpcTimeoutMultiplier: 1, maxRpcTimeoutMillis: ms, totalTimeoutMillis: ms,
  }
  v1.FirestoreClient = class extends v1.FirestoreClient {
    override commit(request: unknown, options: { readonly retry?: object } = {}): unknown {
      return super.commit(request, { ...options, retry: { ...options.retry, backoffSettings } })
    }
  }
}
