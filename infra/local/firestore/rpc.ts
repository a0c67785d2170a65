/** What every method of the service has in common: size limits, cost counting, the caller's connection. */
import type { GrpcCall, GrpcMethod } from '../grpc-ports.ts'
import type { Tally } from '../wire.ts'
import type { Caller, Database } from './database.ts'
import type { Consistency } from './messages.ts'
import type { Received } from './protocol.ts'
import { invalid } from './refusal.ts'

const REQUEST_BYTES_MAX = 10 << 20

export type Handler<Request> = (request: Request, caller: Caller, tally: Tally) => Promise<Buffer | Buffer[]> | Buffer | Buffer[]

export function method<Request>(database: Database, handle: Handler<Request>): GrpcMethod<never> {
  return async (call: GrpcCall<unknown>, tally: Tally) => {
    const { message, bytes } = call.request as Received<Request & Consistency>
    tally.bytes += bytes
    if (message.newTransaction != null || (message.transaction?.length ?? 0) > 0) tally.inTransaction = true
    if (bytes > REQUEST_BYTES_MAX) throw invalid(`Request payload size exceeds the limit: ${REQUEST_BYTES_MAX} bytes.`)
    database.transactions.seen(call.connection, call.instance)
    const answer = await handle(message, { connection: call.connection, signal: call.signal }, tally)
    for (const part of Array.isArray(answer) ? answer : [answer]) tally.bytes += part.length
    return answer
  }
}
