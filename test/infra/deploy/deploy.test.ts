/** Deployments and rollbacks against a stand-in of Google's: what changed is deployed, what fails is named, what was is kept. */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashOf } from '../../../infra/build/bundle.ts'
import { deploy, objectOf, planOf, rollBack, upload, type Wanted } from '../../../infra/deploy/deploy.ts'
import type { Release } from '../../../infra/deploy/releases.ts'
import { zip } from '../../../infra/deploy/zip.ts'
import { GoogleStandIn, PROJECT } from './google-stand-in.ts'

const NAMES = Array.from({ length: 25 }, (_, index) => `function-${index + 1}`)
const COMMANDS = fileURLToPath(new URL('../../../infra/deploy/', import.meta.url))

let google: GoogleStandIn
let moment = 0

beforeEach(async () => {
  google = await GoogleStandIn.start()
})
afterEach(() => google.close())

function facts(commit = 'c0ffee'): { commit: string; nowMs: number } {
  moment += 1_000
  return { commit, nowMs: Date.UTC(2026, 0, 1) + moment }
}

function filesOf(name: string, version: string): Record<string, Uint8Array> {
  return { 'function.cjs': Buffer.from(`${name} ${version}`), 'package.json': Buffer.from('{}') }
}

function built(version: string, names: readonly string[] = NAMES): Wanted[] {
  return names.map((name) => ({ name, hash: hashOf(filesOf(name, version)), zip: async () => zip(filesOf(name, version)) }))
}

/** Some functions run a version that was deployed before. */
async function running(version: string, names: readonly string[] = NAMES): Promise<void> {
  for (const { name, hash } of built(version, names)) google.add(name, objectOf(name, hash))
  await upload(google.google(), built(version, names))
}

function objects(): Record<string, string | undefined> {
  return Object.fromEntries([...google.functions].map(([name, { object }]) => [name, object]))
}

function objectsOf(version: string, names: readonly string[] = NAMES): Record<string, string> {
  return Object.fromEntries(built(version, names).map(({ name, hash }) => [name, objectOf(name, hash)]))
}

function releases(): Release[] {
  return google.text('releases.json') as Release[]
}

const silent = (): void => undefined

/** Runs a command of ours in a process of its own. */
async function command(file: string, directory: string): Promise<{ code: number | null; output: string; kill: () => void; ended: Promise<void> }> {
  const flags = ['--project', PROJECT, '--bucket', 'bundles', '--functions-api', google.url, '--storage-api', google.url, '--directory', directory, '--poll-ms', '5']
  const child = spawn(process.execPath, [join(COMMANDS, file), ...flags], { env: { ...process.env, GOOGLE_OAUTH_ACCESS_TOKEN: 'token', GITHUB_SHA: 'c0ffee' }, stdio: ['ignore', 'pipe', 'pipe'] })
  const result = { code: null as number | null, output: '', kill: () => void child.kill('SIGKILL'), ended: Promise.resolve() }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      result.output += text
    })
  }
  result.ended = new Promise((resolve) => {
    child.once('exit', (code) => {
      result.code = code
      resolve()
    })
  })
  return result
}

/** `dist/` as a build leaves it. */
async function dist(wanted: readonly Wanted[], version: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'countinghouse-dist-'))
  for (const { name } of wanted) {
    await mkdir(join(directory, 'functions', name), { recursive: true })
    for (const [file, content] of Object.entries(filesOf(name, version))) await writeFile(join(directory, 'functions', name, file), content)
    await writeFile(join(directory, 'functions', name, 'function.cjs.compiled'), 'not deployed')
  }
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(wanted.map(({ name, hash }) => ({ name, hash }))))
  return directory
}

describe('does', () => {
  test('every changed function gets its bundle, ten at a time, and the release is on record', async () => {
    await running('v1')
    const outcome = await deploy(google.google(), built('v2'), facts('abc'), silent)
    expect(outcome).toEqual({ done: NAMES, failed: [] })
    expect(objects()).toEqual(objectsOf('v2'))
    expect(google.mostAtOnce).toBe(10)
    const [release] = releases()
    expect(release).toMatchObject({ commit: 'abc', undoes: null, finishedAt: expect.any(String) })
    expect(release?.functions['function-1']).toEqual({ from: objectsOf('v1')['function-1'], to: objectsOf('v2')['function-1'] })
  })

  test('nothing changed, nothing deployed, nothing recorded', async () => {
    await running('v1')
    expect(await deploy(google.google(), built('v1'), facts(), silent)).toEqual({ done: [], failed: [] })
    expect(google.given).toEqual([])
    expect(google.objects.has('releases.json')).toBe(false)
  })

  test('only what changed is deployed', async () => {
    await running('v1')
    const wanted = [...built('v2', NAMES.slice(0, 2)), ...built('v1', NAMES.slice(2))]
    expect((await deploy(google.google(), wanted, facts(), silent)).done).toEqual(NAMES.slice(0, 2))
    expect(google.given.toSorted()).toEqual(NAMES.slice(0, 2))
  })

  test('a plan says what would change, what is missing and what nobody builds any more', async () => {
    await running('v1', ['same', 'changed', 'gone'])
    google.functions.set('broken', { state: 'FAILED', object: objectsOf('v1', ['broken'])['broken'], operation: 0 })
    const wanted = [...built('v1', ['same', 'broken']), ...built('v2', ['changed']), ...built('v1', ['new'])]
    const plan = planOf(wanted, await google.google().functions())
    expect(plan).toMatchObject({ unchanged: ['same'], missing: ['new'], unknown: ['gone'] })
    expect(plan.changed.map(({ name }) => name)).toEqual(['broken', 'changed'])
  })

  test('a rollback sets each function back, and the next one goes one release further', async () => {
    await running('v1')
    await deploy(google.google(), built('v2'), facts(), silent)
    await deploy(google.google(), [...built('v3', NAMES.slice(0, 5)), ...built('v2', NAMES.slice(5))], facts(), silent)
    const first = await rollBack(google.google(), facts(), silent)
    expect(first.done).toEqual(NAMES.slice(0, 5))
    expect(objects()).toEqual(objectsOf('v2'))
    expect((await rollBack(google.google(), facts(), silent)).failed).toEqual([])
    expect(objects()).toEqual(objectsOf('v1'))
    await expect(rollBack(google.google(), facts(), silent)).rejects.toThrow('There is no release to take back.')
  })

  test('after a rollback the mended version is deployed as any other', async () => {
    await running('v1')
    await deploy(google.google(), built('v2'), facts(), silent)
    await rollBack(google.google(), facts(), silent)
    await deploy(google.google(), built('v3'), facts(), silent)
    expect(objects()).toEqual(objectsOf('v3'))
    await rollBack(google.google(), facts(), silent)
    expect(objects()).toEqual(objectsOf('v1'))
  })
})

describe('refuses', () => {
  test('a function that fails is named, the others go on, and the release stays open until it is mended', async () => {
    await running('v1')
    google.failing.add('function-3')
    const outcome = await deploy(google.google(), built('v2'), facts(), silent)
    expect(outcome.failed).toEqual([{ name: 'function-3', why: 'Build failed: function-3 does not compile' }])
    expect(outcome.done).toHaveLength(NAMES.length - 1)
    expect(releases()).toMatchObject([{ finishedAt: null }])
    google.failing.clear()
    expect((await deploy(google.google(), built('v2'), facts(), silent)).done).toEqual(['function-3'])
    expect(releases()).toHaveLength(1)
    await rollBack(google.google(), facts(), silent)
    expect(objects()).toEqual(objectsOf('v1'))
  })

  test('a function that Terraform has not made fails with what to do, and the others are deployed', async () => {
    await running('v1', ['old'])
    const outcome = await deploy(google.google(), [...built('v2', ['old']), ...built('v2', ['new'])], facts(), silent)
    expect(outcome.done).toEqual(['old'])
    expect(outcome.failed).toEqual([{ name: 'new', why: 'is not there: run "terraform apply", which makes it' }])
  })

  test('a second deployment at the same time', async () => {
    await running('v1', ['one', 'two'])
    google.held = true
    const first = deploy(google.google(), built('v2', ['one', 'two']), facts(), silent)
    await google.untilGiven(2)
    const list = google.objects.get('releases.json')
    const second = google.google()
    const read = second.read.bind(second)
    // It has read the releases before the first wrote them.
    second.read = async () => ({ text: undefined, generation: '0' })
    await expect(deploy(second, built('v3', ['one', 'two']), facts(), silent)).rejects.toThrow('Another deployment is at work')
    expect((await read('releases.json')).text).toBe(list?.content.toString())
    google.release()
    expect((await first).failed).toEqual([])
  })

  test('to deploy while a rollback is half-way', async () => {
    await running('v1', ['one'])
    await deploy(google.google(), built('v2', ['one']), facts(), silent)
    google.failing.add('one')
    expect((await rollBack(google.google(), facts(), silent)).failed).toHaveLength(1)
    await expect(deploy(google.google(), built('v3', ['one']), facts(), silent)).rejects.toThrow('A rollback is not finished')
    google.failing.clear()
    expect((await rollBack(google.google(), facts(), silent)).failed).toEqual([])
    expect(objects()).toEqual(objectsOf('v1', ['one']))
  })

  test('a folder that is not as it was built, and a command without a project', { timeout: 30_000 }, async () => {
    await running('v1', ['one'])
    const directory = await dist(built('v2', ['one']), 'v3')
    try {
      const ran = await command('main.ts', directory)
      await ran.ended
      expect(ran.code).toBe(1)
      expect(ran.output).toContain('dist/functions/one is not as it was built. Run "npm run build" again.')
      expect(google.given).toEqual([])
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})

describe('survives', () => {
  test('answers that are lost after they took effect: nothing is built twice', async () => {
    await running('v1', ['one', 'two', 'three'])
    google.loseAnswers = 3
    const outcome = await deploy(google.google(), built('v2', ['one', 'two', 'three']), facts(), silent)
    expect(outcome.failed).toEqual([])
    expect(google.given).toHaveLength(3)
  })

  test('the death of a deployment: the next one waits for what is being built, does the rest, and all can be taken back', { timeout: 60_000 }, async () => {
    await running('v1')
    const directory = await dist(built('v2'), 'v2')
    try {
      google.held = true
      const killed = await command('main.ts', directory)
      await google.untilGiven(10)
      killed.kill()
      await killed.ended
      google.release()
      const before = google.given.length
      const ran = await command('main.ts', directory)
      await ran.ended
      expect(ran.output).toContain(`${NAMES.length - before} deployed, 0 failed`)
      expect(ran.code).toBe(0)
      expect(google.given.toSorted()).toEqual(NAMES.toSorted())
      expect(objects()).toEqual(objectsOf('v2'))
      const back = await command('rollback.ts', directory)
      await back.ended
      expect(back.output).toContain(`${NAMES.length} set back, 0 failed`)
      expect(objects()).toEqual(objectsOf('v1'))
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
