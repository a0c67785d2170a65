/** What a bundle may carry. Counted, not timed: the same on every machine. */
import type { Bundle } from '../../infra/build/bundle.ts'

const KB_MAX = 2_600
/** Of a function that asks Google for nothing but its store. */
const KB_STORE_ONLY_MAX = 1_750
/** For tests, builds and the local cloud; or the client that a lean one stands for. */
const NEVER = ['@duckdb/node-api', '@google-cloud/secret-manager', '@google-cloud/scheduler', 'resend', 'vitest', 'typescript', 'esbuild', '@google-cloud/functions-framework', 'express']
const CLIENTS = ['@google-cloud/bigquery', '@google-cloud/pubsub', 'stripe'] as const

/** How this bundle is over its budget; nothing when it is not. */
export function overBudget({ name, bytes, clients, carries }: Bundle): string[] {
  const isSmall = carries['stripe'] === undefined && clients.every((client) => client === '@google-cloud/firestore')
  const kbMax = isSmall ? KB_STORE_ONLY_MAX : KB_MAX
  const kb = Math.round(bytes / 1024)
  return [
    ...(kb > kbMax ? [`${name}: ${kb} KB, at most ${kbMax}`] : []),
    ...NEVER.filter((one) => carries[one] !== undefined).map((one) => `${name} carries ${one}`),
  ]
}

/** The heavy clients that a bundle carries. */
export function heavyIn({ carries }: Bundle): string[] {
  return CLIENTS.filter((client) => carries[client] !== undefined)
}
