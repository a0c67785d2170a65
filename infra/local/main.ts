/** `npm start`: the whole product on one machine. The last line it prints is `ready http://localhost:PORT`. */
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { LocalCloudOptions } from './cloud.ts'

const NODE_MAJOR_MIN = 24
const USAGE = `npm start -- [flags]
  --port 8080                      where the shop is
  --instances 2                    processes that run the functions
  --fresh                          begin anew: forget what was kept
  --directory .local               where the state lives
  --verbose                        show what the functions print
  --functions functions/index.ts   what to run
Every setting of the shop (PRICE_LOCK_MINUTES, TAX_RATES, ...) is taken from the environment.
`

class Refused extends Error {}

async function main(): Promise<void> {
  refuseOldNode()
  const flags = readFlags()
  // Only now: what follows needs this version of Node to be loaded at all.
  const { createLocalCloud } = await import('./cloud.ts')
  const { firstPage } = await import('./first-page.ts')
  const { furnishShop, renewShop, shopWork } = await import('./shop.ts')
  // Other functions than the project's need no shop.
  const shop = flags.functionsModule === undefined ? { furnish: furnishShop, renew: renewShop, dueWork: shopWork } : {}
  const cloud = await createLocalCloud({ ...flags, ...shop }).catch((error: unknown) => {
    throw refusalOf(error, flags.port)
  })
  stopOnSignal(() => cloud.stop())
  process.stdout.write(`${await firstPage(cloud)}\nready ${cloud.url}\n`)
}

function refuseOldNode(): void {
  const major = Number(process.versions.node.split('.', 1)[0])
  if (major >= NODE_MAJOR_MIN) return
  throw new Refused(
    `This is Node ${process.version}; the local cloud needs Node ${NODE_MAJOR_MIN}. Run "npm install" (it brings Node ` +
      `${NODE_MAJOR_MIN} along), then "npm start" instead of calling node directly.`,
  )
}

function readFlags(): LocalCloudOptions {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: process.env['PORT'] ?? '8080' },
      instances: { type: 'string', default: '2' },
      fresh: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      directory: { type: 'string', default: fileURLToPath(new URL('../../.local', import.meta.url)) },
      functions: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  return {
    port: numberWithin(values.port, '--port', { min: 0, max: 65_535 }),
    instances: numberWithin(values.instances, '--instances', { min: 1, max: 32 }),
    fresh: values.fresh,
    verbose: values.verbose,
    directory: resolve(values.directory),
    ...(values.functions === undefined ? {} : { functionsModule: pathToFileURL(resolve(values.functions)) }),
  }
}

function numberWithin(text: string, flag: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new Refused(`${flag} must be a whole number from ${min} to ${max}, not "${text}".`)
}

function refusalOf(error: unknown, port: number): unknown {
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return new Refused(
      `Port ${port} is taken: a local cloud (or something else) already runs there. Stop it, or choose another port ` +
        'with "npm start -- --port 8081".',
    )
  }
  return error instanceof Error && ['DirectoryTaken', 'NoStart'].includes(error.name) ? new Refused(error.message) : error
}

/** The second signal does not wait. */
function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      void stop().finally(() => process.exit(0))
    })
  }
}

main().catch((error: unknown) => {
  const known = error instanceof Refused || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true
  process.stderr.write(`${known ? (error as Error).message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
})
