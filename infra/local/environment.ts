/**
 * The environment of an instance: where the world is, what the platform mounts, and what the person who started the
 * cloud has configured. In production Terraform sets the same names; only the addresses differ.
 *
 * No credentials of the person's own, Google's or a vendor's, may reach an instance: a local shop must not be able
 * to touch a real project or real money.
 */
import type { GrpcPorts } from './grpc-ports.ts'
import type { HttpPorts, HttpService } from './http-ports.ts'

/** Name of the variable that takes the address of an HTTP server, by its target. */
const HTTP_VARIABLES: Readonly<Record<string, string>> = { bigquery: 'BIGQUERY_EMULATOR_HOST' }
/** A second variable for a vendor whose sign-in has an address of its own. */
const SIGN_IN_VARIABLES: Readonly<Record<string, string>> = { lightspeed: 'LIGHTSPEED_AUTH_BASE' }
const GRPC_VARIABLES = [
  'FIRESTORE_EMULATOR_HOST',
  'PUBSUB_EMULATOR_HOST',
  'SECRET_MANAGER_EMULATOR_HOST',
  'SCHEDULER_EMULATOR_HOST',
]
const NOT_INHERITED = new RegExp(
  '^(GOOGLE_|GCLOUD_|GCP_|CLOUDSDK_|FUNCTION_|K_|VITEST|NODE_OPTIONS$|NODE_ENV$|PORT$|TEST$)' +
    '|_EMULATOR_HOST$|_API_BASE$|SECRET|TOKEN|PASSWORD|_KEY',
)

/** Opens a port of its own for one caller on every server: the addresses, by the variable that takes each. */
export async function openPorts(
  label: string,
  ports: { readonly grpc: GrpcPorts; readonly http: HttpPorts; readonly services: readonly HttpService[] },
): Promise<Record<string, string>> {
  const grpcAddress = `127.0.0.1:${await ports.grpc.open(label)}`
  const addresses = Object.fromEntries(GRPC_VARIABLES.map((variable) => [variable, grpcAddress]))
  for (const service of ports.services) {
    const variable = HTTP_VARIABLES[service.target] ?? `${service.target.toUpperCase().replaceAll('-', '_')}_API_BASE`
    const address = `http://127.0.0.1:${await ports.http.open(service, label)}`
    addresses[variable] = address
    const signIn = SIGN_IN_VARIABLES[service.target]
    if (signIn !== undefined) addresses[signIn] = address
  }
  return addresses
}

export function environmentOf(parts: {
  readonly person: NodeJS.ProcessEnv
  readonly addresses: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
}): Record<string, string> {
  const inherited: Record<string, string> = {}
  for (const [name, value] of Object.entries(parts.person)) {
    if (value !== undefined && !NOT_INHERITED.test(name)) inherited[name] = value
  }
  return {
    ...inherited,
    METADATA_SERVER_DETECTION: 'none',
    FIRESTORE_ENABLE_TRACING: 'OFF',
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
    ...parts.settings,
    ...parts.secrets,
    ...parts.addresses,
  }
}
