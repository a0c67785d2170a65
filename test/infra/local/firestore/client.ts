/**
 * A Firestore for a test, and Google's unmodified client to talk to it: our server in memory, or whatever
 * FIRESTORE_EMULATOR_HOST names. Tests that need the server's clock, faults or disk are left out there (`ours`).
 *
 * Tests share nothing: each asks for a server of its own, or at the other emulator for a project of its own.
 */
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { Firestore as Client, type Settings, type v1 as generated } from '@google-cloud/firestore'
import { credentials } from '@grpc/grpc-js'
import { Disk } from '../../../../infra/local/disk.ts'
import { createFirestore, type Firestore } from '../../../../infra/local/firestore/firestore.ts'
import { parseIndexFile } from '../../../../infra/local/firestore/index-file.ts'
import { GrpcPorts } from '../../../../infra/local/grpc-ports.ts'
import { Timeline } from '../../../../infra/local/timeline.ts'
import { Wire } from '../../../../infra/local/wire.ts'

process.env['METADATA_SERVER_DETECTION'] = 'none'

const elsewhere = process.env['FIRESTORE_EMULATOR_HOST']

/** False when the tests run against another emulator. */
export const ours = elsewhere === undefined

export interface TestFirestore {
  readonly projectId: string
  /** `host:port` of the first instance's port. */
  readonly host: string
  readonly server: Firestore
  readonly timeline: Timeline
  readonly wire: Wire
  /** A client of its own, with its own connection; of an instance of its own when one is named. */
  client(instance?: string): Promise<Client>
  /** A port for one instance. */
  open(instance: string): Promise<number>
  close(): Promise<void>
}

export interface StartOptions {
  /** Content of an index file. */
  readonly indexes?: unknown
  readonly disk?: Disk
  readonly projectId?: string
}

export async function startFirestore(options: StartOptions = {}): Promise<TestFirestore> {
  const projectId = options.projectId ?? `test-${randomUUID().slice(0, 8)}`
  const timeline = new Timeline()
  const wire = new Wire({ now: () => timeline.now(), kill: () => undefined })
  const ports = new GrpcPorts(wire)
  const indexes = parseIndexFile(options.indexes ?? {})
  const server = createFirestore({ timeline, disk: options.disk ?? new Disk(), indexes, projectId })
  ports.add(server.service)
  ports.onDisconnect((connection) => server.disconnect(connection))
  const host = elsewhere ?? `127.0.0.1:${await ports.open('outside')}`
  const clients: Client[] = []
  return {
    projectId,
    host,
    server,
    timeline,
    wire,
    client: async (instance) => {
      const at = instance === undefined || !ours ? host : `127.0.0.1:${await ports.open(instance)}`
      const client = clientOf(projectId, at)
      clients.push(client)
      return client
    },
    open: (instance) => ports.open(instance),
    close: async () => {
      await Promise.all(clients.map((client) => client.terminate()))
      timeline.stop()
      await ports.close()
    },
  }
}

function clientOf(projectId: string, host: string): Client {
  const settings: Settings = { projectId, host, ssl: false, customHeaders: { Authorization: 'Bearer owner' } }
  return new Client(settings)
}

/** The generated client below the usual one, for single calls with a deadline and methods the usual one hides. */
export function rawClient(host: string): InstanceType<typeof generated.FirestoreClient> {
  // A named import does not see it: the package defines it late, as a getter.
  const { v1 } = createRequire(import.meta.url)('@google-cloud/firestore') as { v1: typeof generated }
  const [servicePath = '', port] = host.split(':')
  return new v1.FirestoreClient({ servicePath, port: Number(port), sslCreds: credentials.createInsecure() })
}

/** Waits until a condition holds; the test's own time limit is the deadline. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** The gRPC code a promise fails with; undefined when it succeeds. */
export async function codeOf(work: Promise<unknown>): Promise<number | undefined> {
  return (await failureOf(work))?.code
}

export async function failureOf(work: Promise<unknown>): Promise<{ code: number; message: string } | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return error as { code: number; message: string }
  }
}

export const INVALID_ARGUMENT = 3
export const DEADLINE_EXCEEDED = 4
export const NOT_FOUND = 5
export const ALREADY_EXISTS = 6
export const FAILED_PRECONDITION = 9
export const ABORTED = 10
export const UNIMPLEMENTED = 12
