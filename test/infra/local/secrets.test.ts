/** Secret Manager through Google's client: versions, states, aliases, and what survives a restart. */
import { SecretManagerServiceClient } from '@google-cloud/secret-manager'
import { credentials } from '@grpc/grpc-js'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Disk } from '../../../infra/local/disk.ts'
import { GrpcPorts } from '../../../infra/local/grpc-ports.ts'
import { crc32c, createSecrets, type Secrets } from '../../../infra/local/secrets.ts'
import { Timeline } from '../../../infra/local/timeline.ts'
import { Wire } from '../../../infra/local/wire.ts'

process.env['METADATA_SERVER_DETECTION'] = 'none'

const parent = 'projects/shop'
const timeline = new Timeline()
const ports = new GrpcPorts(new Wire({ now: () => timeline.now(), kill: () => {} }))
let secrets: Secrets
let client: SecretManagerServiceClient
let made = 0
beforeAll(async () => {
  secrets = createSecrets({ disk: new Disk(), timeline, projectId: 'shop' })
  ports.add(secrets.service)
  const port = await ports.open('instance-1')
  client = new SecretManagerServiceClient({ servicePath: '127.0.0.1', port, sslCreds: credentials.createInsecure() })
})
afterAll(async () => {
  await client.close()
  await ports.close()
})

/** A fresh secret with these versions; answers its full name. */
async function secretWith(...values: string[]): Promise<string> {
  const secretId = `secret-${++made}`
  const [secret] = await client.createSecret({ parent, secretId, secret: { replication: { automatic: {} } } })
  const name = String(secret.name)
  for (const value of values) await client.addSecretVersion({ parent: name, payload: { data: Buffer.from(value) } })
  return name
}

async function read(name: string): Promise<string> {
  return String((await client.accessSecretVersion({ name }))[0].payload?.data)
}

describe('does', () => {
  test('answer a version by number, and the newest as latest', async () => {
    const name = await secretWith('one', 'two')
    expect(await read(`${name}/versions/1`)).toBe('one')
    expect(await read(`${name}/versions/latest`)).toBe('two')
    const [latest] = await client.getSecretVersion({ name: `${name}/versions/latest` })
    expect(latest).toMatchObject({ name: `${name}/versions/2`, state: 'ENABLED' })
  })

  test('send the payload with its checksum', async () => {
    const name = await secretWith('123456789')
    const [{ payload }] = await client.accessSecretVersion({ name: `${name}/versions/latest` })
    expect(payload?.dataCrc32c).toBe(String(0xe3069283))
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  })

  test('answer a version by an alias', async () => {
    const name = await secretWith('one', 'two')
    const secret = { name, versionAliases: { current: 1 }, labels: { area: 'pay' } }
    await client.updateSecret({ secret, updateMask: { paths: ['version_aliases', 'labels'] } })
    expect(await read(`${name}/versions/current`)).toBe('one')
    expect((await client.getSecret({ name }))[0]).toMatchObject({ versionAliases: { current: '1' }, labels: { area: 'pay' } })
  })

  test('list secrets and versions, newest version first', async () => {
    const name = await secretWith('one', 'two', 'three')
    const [versions] = await client.listSecretVersions({ parent: name })
    expect(versions.map((version) => version.name?.split('/').at(-1))).toEqual(['3', '2', '1'])
    expect((await client.listSecrets({ parent }))[0].map((secret) => secret.name)).toContain(name)
  })

  test('enable again what was disabled', async () => {
    const name = `${await secretWith('one')}/versions/1`
    await client.disableSecretVersion({ name })
    await client.enableSecretVersion({ name })
    expect(await read(name)).toBe('one')
  })

  test('put a value once, however often it is put', async () => {
    secrets.put('jwt', 'first')
    secrets.put('jwt', 'first')
    secrets.put('jwt', 'second')
    expect(secrets.value('jwt')).toBe('second')
    expect(secrets.value('unknown')).toBeUndefined()
    const [version] = await client.getSecretVersion({ name: `${parent}/secrets/jwt/versions/latest` })
    expect(version.name).toBe(`${parent}/secrets/jwt/versions/2`)
  })
})

describe('refuses', () => {
  test('to read what is disabled or destroyed, also as latest', async () => {
    const name = await secretWith('one', 'two')
    await client.disableSecretVersion({ name: `${name}/versions/2` })
    await expect(read(`${name}/versions/latest`)).rejects.toMatchObject({ code: 9 })
    const [destroyed] = await client.destroySecretVersion({ name: `${name}/versions/1` })
    expect(destroyed.state).toBe('DESTROYED')
    expect(destroyed.destroyTime).not.toBeNull()
    await expect(read(`${name}/versions/1`)).rejects.toMatchObject({ code: 9 })
    await expect(client.enableSecretVersion({ name: `${name}/versions/1` })).rejects.toMatchObject({ code: 9 })
    expect(secrets.value(name.split('/').at(-1) ?? '')).toBeUndefined()
  })

  test('what does not exist', async () => {
    const name = await secretWith()
    await expect(read(`${name}/versions/latest`)).rejects.toMatchObject({ code: 5 })
    await expect(read(`${name}/versions/7`)).rejects.toMatchObject({ code: 5 })
    await expect(client.getSecret({ name: `${parent}/secrets/none` })).rejects.toMatchObject({ code: 5 })
    await expect(client.addSecretVersion({ parent: `${parent}/secrets/none`, payload: {} })).rejects.toMatchObject({ code: 5 })
    await client.deleteSecret({ name })
    await expect(client.getSecret({ name })).rejects.toMatchObject({ code: 5 })
  })

  test('a second secret of the same name', async () => {
    const secretId = (await secretWith()).split('/').at(-1) ?? ''
    const again = client.createSecret({ parent, secretId, secret: { replication: { automatic: {} } } })
    await expect(again).rejects.toMatchObject({ code: 6 })
  })

  test('a payload over 64 KiB, a wrong checksum, an odd name, a secret without replication', async () => {
    const name = await secretWith()
    const add = (payload: object) => client.addSecretVersion({ parent: name, payload })
    await expect(add({ data: Buffer.alloc(65_537) })).rejects.toMatchObject({ code: 3 })
    await expect(add({ data: Buffer.from('x'), dataCrc32c: 1 })).rejects.toMatchObject({ code: 3 })
    const secret = { replication: { automatic: {} } }
    await expect(client.createSecret({ parent, secretId: 'a.b', secret })).rejects.toMatchObject({ code: 3 })
    await expect(client.createSecret({ parent, secretId: 'bare', secret: {} })).rejects.toMatchObject({ code: 3 })
  })

  test('rotation, which it could not do', async () => {
    const secret = { replication: { automatic: {} }, rotation: { rotationPeriod: { seconds: 3600 } } }
    await expect(client.createSecret({ parent, secretId: 'rotated', secret })).rejects.toMatchObject({ code: 12 })
  })
})

describe('survives', () => {
  test('a restart', () => {
    const directory = mkdtempSync(join(tmpdir(), 'secrets-'))
    const first = new Disk(directory)
    createSecrets({ disk: first, timeline, projectId: 'shop' }).put('key', 'kept')
    first.close()
    const second = new Disk(directory)
    expect(createSecrets({ disk: second, timeline, projectId: 'shop' }).value('key')).toBe('kept')
    second.close()
    rmSync(directory, { recursive: true })
  })
})
