/**
 * Secret Manager of the local cloud: secrets and their numbered versions, as the real service keeps them.
 *
 * A version never changes its payload; what is disabled or destroyed must not be readable, also not as `latest`.
 * Rotation, expiry and delayed destruction are refused as UNIMPLEMENTED.
 */
import { status as codes } from '@grpc/grpc-js'
import type { Disk, Shelf } from './disk.ts'
import { GrpcFailure, type GrpcCall, type GrpcMethod, type GrpcService } from './grpc-ports.ts'
import { invalid, maskedFields, pageOf, seconds, servicesIn, unserved, type PageRequest } from './protobuf.ts'
import type { Timeline } from './timeline.ts'

const service = servicesIn('@google-cloud/secret-manager/build/protos/protos.json')
const PAYLOAD_BYTES_MAX = 64 * 1024
const PAGE_MAX = 25_000
const ALIASES_MAX = 50

interface SecretRecord {
  readonly name: string
  readonly createdMs: number
  readonly replication: object
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  versionAliases: Readonly<Record<string, string>>
  versions: number
}

interface VersionRecord {
  readonly name: string
  readonly createdMs: number
  state: 'ENABLED' | 'DISABLED' | 'DESTROYED'
  /** Base64; empty when destroyed. */
  data: string
  destroyedMs?: number
}

interface WireSecret {
  readonly name?: string
  readonly replication?: object | null
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly versionAliases?: Readonly<Record<string, string>>
  readonly topics?: readonly object[]
  readonly rotation?: object | null
  readonly expiration?: string
  readonly versionDestroyTtl?: object | null
}

interface WirePayload {
  readonly data?: Buffer
  readonly dataCrc32c?: string | null
}

type Named = { readonly name: string }
type Listed = PageRequest & { readonly parent: string; readonly filter: string }

export interface Secrets {
  readonly service: GrpcService
  /** Makes the secret when missing and adds a version unless the newest has this very value. */
  put(name: string, value: string): void
  /** The newest version's value; undefined when there is none or it may not be read. */
  value(name: string): string | undefined
}

export function createSecrets(options: { disk: Disk; timeline: Timeline; projectId: string }): Secrets {
  const vault = new Vault(options)
  const parent = `projects/${options.projectId}`
  return {
    service: { target: 'secretmanager', definition: definition(), methods: methodsOf(vault) },
    put: (name, value) => {
      if (vault.find(`${parent}/secrets/${name}`) === undefined) vault.create(parent, name, { replication: { automatic: {} } })
      if (vault.latestValue(`${parent}/secrets/${name}`) !== value) {
        vault.add(`${parent}/secrets/${name}`, { data: Buffer.from(value) })
      }
    },
    value: (name) => vault.latestValue(`${parent}/secrets/${name}`),
  }
}

function definition(): GrpcService['definition'] {
  return service('google.cloud.secretmanager.v1.SecretManagerService')
}

function methodsOf(vault: Vault): GrpcService['methods'] {
  return {
    CreateSecret: ({ request }: GrpcCall<{ parent: string; secretId: string; secret?: WireSecret | null }>) =>
      wireSecret(vault.create(request.parent, request.secretId, request.secret ?? {})),
    GetSecret: ({ request }: GrpcCall<Named>) => wireSecret(vault.secret(request.name)),
    UpdateSecret: ({ request }: GrpcCall<{ secret: WireSecret; updateMask?: { paths?: string[] } | null }>) =>
      wireSecret(vault.update(request.secret, maskedFields(request.updateMask))),
    ListSecrets: ({ request }: GrpcCall<Listed>) => {
      const all = vault.list(request.parent)
      const { items, nextPageToken } = pageOf(all, request, PAGE_MAX)
      return { secrets: items.map(wireSecret), nextPageToken, totalSize: all.length }
    },
    DeleteSecret: ({ request }: GrpcCall<Named>) => {
      vault.delete(request.name)
      return {}
    },
    AddSecretVersion: ({ request }: GrpcCall<{ parent: string; payload?: WirePayload | null }>) =>
      wireVersion(vault.add(request.parent, request.payload ?? {})),
    GetSecretVersion: ({ request }: GrpcCall<Named>) => wireVersion(vault.version(request.name)),
    ListSecretVersions: ({ request }: GrpcCall<Listed>) => {
      const all = vault.versionsOf(request.parent)
      const { items, nextPageToken } = pageOf(all, request, PAGE_MAX)
      return { versions: items.map(wireVersion), nextPageToken, totalSize: all.length }
    },
    AccessSecretVersion: ({ request }: GrpcCall<Named>) => {
      const { name, data } = vault.readable(request.name)
      const bytes = Buffer.from(data, 'base64')
      return { name, payload: { data: bytes, dataCrc32c: String(crc32c(bytes)) } }
    },
    DisableSecretVersion: ({ request }: GrpcCall<Named>) => wireVersion(vault.move(request.name, 'DISABLED')),
    EnableSecretVersion: ({ request }: GrpcCall<Named>) => wireVersion(vault.move(request.name, 'ENABLED')),
    DestroySecretVersion: ({ request }: GrpcCall<Named>) => wireVersion(vault.move(request.name, 'DESTROYED')),
  } satisfies Record<string, GrpcMethod<never>>
}

class Vault {
  readonly #timeline: Timeline
  readonly #parent: string
  readonly #secrets: Shelf<SecretRecord>
  readonly #versions: Shelf<VersionRecord>

  constructor(options: { disk: Disk; timeline: Timeline; projectId: string }) {
    const shelves = options.disk.shelves('secrets')
    this.#timeline = options.timeline
    this.#parent = `projects/${options.projectId}`
    this.#secrets = shelves.shelf('secrets')
    this.#versions = shelves.shelf('versions')
  }

  find(name: string): SecretRecord | undefined {
    return this.#secrets.get(name)
  }

  secret(name: string): SecretRecord {
    const secret = this.#secrets.get(name)
    if (secret === undefined) throw new GrpcFailure(codes.NOT_FOUND, `Secret [${name}] not found.`)
    return secret
  }

  list(parent: string): SecretRecord[] {
    this.#checkParent(parent)
    return this.#secrets.values()
  }

  create(parent: string, id: string, wire: WireSecret): SecretRecord {
    this.#checkParent(parent)
    refuseUnserved(wire)
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(id)) throw invalid(`The secret id "${id}" is not 1 to 255 letters, digits, - or _.`)
    if (!wire.replication) throw invalid('The field [secret.replication] is required.')
    const name = `${parent}/secrets/${id}`
    if (this.#secrets.has(name)) throw new GrpcFailure(codes.ALREADY_EXISTS, `Secret [${name}] already exists.`)
    return this.#secrets.set(name, {
      name,
      createdMs: this.#timeline.now(),
      replication: wire.replication,
      labels: { ...wire.labels },
      annotations: { ...wire.annotations },
      versionAliases: {},
      versions: 0,
    })
  }

  update(wire: WireSecret, fields: readonly string[]): SecretRecord {
    const secret = this.secret(wire.name ?? '')
    if (fields.length === 0) throw invalid('The update mask must not be empty.')
    for (const field of fields) {
      if (field === 'labels') secret.labels = { ...wire.labels }
      else if (field === 'annotations') secret.annotations = { ...wire.annotations }
      else if (field === 'versionAliases') secret.versionAliases = this.#aliases(secret, wire.versionAliases ?? {})
      else throw unserved(`Changing the field ${field} of a secret`)
    }
    return this.#secrets.set(secret.name, secret)
  }

  delete(name: string): void {
    const secret = this.secret(name)
    for (let number = 1; number <= secret.versions; number++) this.#versions.delete(`${name}/versions/${number}`)
    this.#secrets.delete(name)
  }

  add(parent: string, payload: WirePayload): VersionRecord {
    const secret = this.secret(parent)
    const data = payload.data ?? Buffer.alloc(0)
    if (data.length > PAYLOAD_BYTES_MAX) throw invalid(`The payload is longer than ${PAYLOAD_BYTES_MAX} bytes.`)
    if (payload.dataCrc32c != null && payload.dataCrc32c !== String(crc32c(data))) {
      throw invalid('The payload does not have the checksum that was sent with it.')
    }
    secret.versions += 1
    this.#secrets.set(secret.name, secret)
    const name = `${parent}/versions/${secret.versions}`
    const version: VersionRecord = { name, createdMs: this.#timeline.now(), state: 'ENABLED', data: data.toString('base64') }
    return this.#versions.set(name, version)
  }

  /** Newest first. */
  versionsOf(parent: string): VersionRecord[] {
    const { versions } = this.secret(parent)
    const numbers = Array.from({ length: versions }, (_, index) => versions - index)
    return numbers.flatMap((number) => this.#versions.get(`${parent}/versions/${number}`) ?? [])
  }

  /** By number, by an alias of the secret, or `latest`. */
  version(name: string): VersionRecord {
    const [parent = '', wanted = ''] = name.split('/versions/')
    const secret = this.#secrets.get(parent)
    const number = wanted === 'latest' ? String(secret?.versions ?? 0) : (secret?.versionAliases[wanted] ?? wanted)
    const version = this.#versions.get(`${parent}/versions/${number}`)
    if (version !== undefined) return version
    const what = wanted === 'latest' ? `Secret [${parent}] not found or has no versions.` : `Secret Version [${name}] not found.`
    throw new GrpcFailure(codes.NOT_FOUND, what)
  }

  readable(name: string): VersionRecord {
    const version = this.version(name)
    if (version.state !== 'ENABLED') {
      throw new GrpcFailure(codes.FAILED_PRECONDITION, `Secret Version [${version.name}] is in ${version.state} state.`)
    }
    return version
  }

  latestValue(secret: string): string | undefined {
    const newest = this.#versions.get(`${secret}/versions/${this.#secrets.get(secret)?.versions ?? 0}`)
    return newest?.state === 'ENABLED' ? Buffer.from(newest.data, 'base64').toString() : undefined
  }

  /** Nothing comes back from being destroyed. */
  move(name: string, state: VersionRecord['state']): VersionRecord {
    const version = this.version(name)
    if (version.state === 'DESTROYED') {
      throw new GrpcFailure(codes.FAILED_PRECONDITION, `Secret Version [${version.name}] is in DESTROYED state.`)
    }
    version.state = state
    if (state === 'DESTROYED') Object.assign(version, { data: '', destroyedMs: this.#timeline.now() })
    return this.#versions.set(version.name, version)
  }

  #aliases(secret: SecretRecord, aliases: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    if (Object.keys(aliases).length > ALIASES_MAX) throw invalid(`A secret may have at most ${ALIASES_MAX} aliases.`)
    for (const [alias, number] of Object.entries(aliases)) {
      const allowed = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(alias) && alias !== 'latest'
      if (!allowed) throw invalid(`The alias "${alias}" is not allowed.`)
      if (!this.#versions.has(`${secret.name}/versions/${number}`)) throw invalid(`The alias "${alias}" names no version.`)
    }
    return { ...aliases }
  }

  #checkParent(parent: string): void {
    if (parent !== this.#parent) throw new GrpcFailure(codes.NOT_FOUND, `Project [${parent}] not found.`)
  }
}

function refuseUnserved(wire: WireSecret): void {
  if ((wire.topics ?? []).length > 0 || wire.rotation) throw unserved('Rotation of secrets')
  if (wire.expiration) throw unserved('Expiry of secrets')
  if (wire.versionDestroyTtl) throw unserved('Delayed destruction')
}

function wireSecret({ name, createdMs, replication, labels, annotations, versionAliases }: SecretRecord): object {
  return { name, replication, labels, annotations, versionAliases, createTime: seconds(createdMs) }
}

function wireVersion({ name, createdMs, state, destroyedMs }: VersionRecord): object {
  return {
    name,
    state,
    createTime: seconds(createdMs),
    replicationStatus: { automatic: {} },
    ...(destroyedMs !== undefined && { destroyTime: seconds(destroyedMs) }),
  }
}

/** CRC-32C (Castagnoli), the checksum Google's services use. */
const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

export function crc32c(data: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of data) crc = (crc >>> 8) ^ (CRC32C_TABLE[(crc ^ byte) & 0xff] ?? 0)
  return (crc ^ 0xffff_ffff) >>> 0
}
