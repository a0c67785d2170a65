import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const main = fileURLToPath(new URL('../../../infra/local/main.ts', import.meta.url))
const tokenCommand = fileURLToPath(new URL('../../../infra/local/token.ts', import.meta.url))
const functions = fileURLToPath(new URL('./fixtures/functions.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'main-'))
const started: ChildProcess[] = []

afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

interface Run {
  readonly child: ChildProcess
  readonly output: () => string
  /** Resolves to the exit code. */
  readonly end: Promise<number | null>
}

function run(file: string, ...flags: string[]): Run {
  return runWith({}, file, ...flags)
}

function runWith(settings: Record<string, string>, file: string, ...flags: string[]): Run {
  const child = spawn(process.execPath, [file, ...flags], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...settings } })
  started.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return { child, output: () => output, end: new Promise((resolve) => child.once('close', resolve)) }
}

function start(...flags: string[]): Run {
  return run(main, '--directory', directory, '--functions', functions, '--instances', '1', ...flags)
}

async function ready(cloud: Run): Promise<string> {
  const url = await until(async () => /^ready (http:\/\/localhost:\d+)$/m.exec(cloud.output())?.[1])
  expect(cloud.output().endsWith(`ready ${url}\n`)).toBe(true)
  return url
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = performance.now() + 15_000; performance.now() < deadline; ) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it did not come')
}

describe('survives', () => {
  test('the end of everything by kill -9: no instance stays behind, and the next start goes on with the same time', async () => {
    const first = start('--port', '0')
    const url = await ready(first)
    const { headers } = (await (await fetch(`${url}/api/echo/1`)).json()) as { headers: { host: string } }
    await fetch(`${url}/_local/clock`, { method: 'POST', body: '{"advance":"P9D"}' })
    first.child.kill('SIGKILL')
    await first.end
    await until(() => fetch(`http://${headers.host}/`).then(() => undefined, () => true))

    const second = start('--port', '0')
    const again = await ready(second)
    const { now } = (await (await fetch(`${again}/_local/clock`)).json()) as { now: string }
    expect(Date.parse(now) - Date.now()).toBeGreaterThan(8.9 * 86_400_000)

    const { port } = new URL(again)
    const token = run(tokenCommand, '--port', port, '--role', 'admin', '--sub', 'me')
    const samePort = start('--port', port)
    const sameDirectory = start('--port', '0')
    expect(await token.end).toBe(0)
    expect(token.output()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    expect(await samePort.end).toBe(1)
    expect(samePort.output()).toMatch(/^Port \d+ is taken: [^\n]+\n$/)
    expect(await sameDirectory.end).toBe(1)
    expect(sameDirectory.output()).toMatch(/^Another local cloud is at work in [^\n]+\n$/)

    second.child.kill('SIGTERM')
    expect(await second.end).toBe(0)
  }, 40_000)
})

describe('refuses', () => {
  test('flags it does not know and numbers that make no sense, in a sentence', async () => {
    const runs = [start('--turbo'), start('--port', 'x'), start('--instances', '0')]
    expect(await Promise.all(runs.map(({ end }) => end))).toEqual([1, 1, 1])
    expect(runs[0]?.output()).toMatch(/^Unknown option '--turbo'/)
    expect(runs[1]?.output()).toBe('--port must be a whole number from 0 to 65535, not "x".\n')
    expect(runs[2]?.output()).toBe('--instances must be a whole number from 1 to 32, not "0".\n')
  }, 20_000)

  test('a setting that makes no sense, by name and once, however many processes found it', async () => {
    const refused = runWith({ PRICE_LOCK_MINUTES: '0' }, main, '--directory', join(directory, 'wrong'), '--port', '0')
    expect(await refused.end).toBe(1)
    expect(refused.output()).toBe('The functions do not start:\nConfiguration is wrong. PRICE_LOCK_MINUTES: Too small: expected number to be >0\n')
  }, 20_000)

  test('to begin when it is only asked how', async () => {
    const asked = run(main, '--help')
    expect([await asked.end, asked.output()]).toEqual([0, expect.stringContaining('--fresh')])
  })
})
