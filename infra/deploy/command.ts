/** What the commands here have in common: flags, the way to Google, and the bundles in `dist/`. */
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { hashOf, type Manifest } from '../build/bundle.ts'
import type { Outcome, Wanted } from './deploy.ts'
import { DEFAULTS, Google } from './google.ts'
import { zip } from './zip.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Flags that every command takes; the addresses are for a stand-in of Google's. */
const FLAGS = {
  project: { type: 'string' }, region: { type: 'string', default: DEFAULTS.region }, bucket: { type: 'string' },
  'functions-api': { type: 'string', default: DEFAULTS.functionsApi }, 'storage-api': { type: 'string', default: DEFAULTS.storageApi },
  'dry-run': { type: 'boolean', default: false }, 'upload-only': { type: 'boolean', default: false }, directory: { type: 'string', default: 'dist' },
  'poll-ms': { type: 'string', default: String(DEFAULTS.pollMs) },
} as const

export interface Command {
  readonly google: Google
  readonly isDryRun: boolean
  readonly isUploadOnly: boolean
  readonly directory: string
}

/** @throws Error that says which flag is missing */
export function readCommand(usage: string): Command {
  const { values } = parseArgs({ options: FLAGS })
  const { project } = values
  if (project === undefined) throw new Error(`Say which project: ${usage}`)
  return {
    google: new Google({
      ...DEFAULTS, project, region: values.region, bucket: values.bucket ?? `${project}-bundles`,
      functionsApi: values['functions-api'], storageApi: values['storage-api'], token: accessToken, pollMs: Number(values['poll-ms']),
    }),
    isDryRun: values['dry-run'],
    isUploadOnly: values['upload-only'],
    directory: resolve(ROOT, values.directory),
  }
}

/** The token of the environment (as Terraform takes it), or of whoever is signed in. */
async function accessToken(): Promise<string> {
  const given = process.env['GOOGLE_OAUTH_ACCESS_TOKEN']
  if (given !== undefined) return given
  const { GoogleAuth } = await import('google-auth-library')
  const token = await new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' }).getAccessToken()
  return token ?? ''
}

/** @throws Error when nothing is built, or what lies there is not what was built */
export async function builtBundles(directory: string): Promise<Wanted[]> {
  const text = await readFile(join(directory, 'manifest.json'), 'utf8').catch(() => {
    throw new Error('Nothing is built. Run "npm run build" first.')
  })
  return (JSON.parse(text) as Manifest).map(({ name, hash }) => ({ name, hash, zip: () => zipped(join(directory, 'functions', name), { name, hash }) }))
}

/** Compiled code is left here: it is made again where the function is built. */
async function zipped(place: string, { name, hash }: { readonly name: string; readonly hash: string }): Promise<Buffer> {
  const names = (await readdir(place)).filter((file) => !file.endsWith('.compiled'))
  const files = Object.fromEntries(await Promise.all(names.map(async (file) => [file, await readFile(join(place, file))] as const)))
  if (hashOf(files) !== hash) throw new Error(`dist/functions/${name} is not as it was built. Run "npm run build" again.`)
  return zip(files)
}

export async function commitNow(): Promise<string> {
  const told = process.env['GITHUB_SHA']
  if (told !== undefined) return told
  const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD']).catch(() => ({ stdout: 'unknown' }))
  return stdout.trim()
}

export function report({ done, failed }: Outcome, what: string): void {
  for (const { name, why } of failed) say(`FAILED ${name}: ${why}`)
  say(`${done.length} ${what}, ${failed.length} failed`)
  if (failed.length > 0) process.exitCode = 1
}

/** Runs a command; what stops it is said in one sentence. */
export async function run(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
