/**
 * One instance: a process that runs every function of the shop through the framework's own middleware chain,
 * all behind one port. The supervisor's router says in a header which function a request is for.
 *
 * It keeps nothing that matters, may be killed at any instruction, and never outlives its supervisor.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { flushCompileCache } from 'node:module'
import type { AddressInfo } from 'node:net'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { declarationsOf } from '../build/declarations.ts'
import { register } from '../build/register.ts'
import { openFront } from '../../shared/entry/front.ts'
import { checkAtStart } from '../../shared/platform/config.ts'
import { forgetAll } from '../../shared/platform/in-memory.ts'
import { caller, type SettingsMessage } from './preload.ts'

/** Told to the supervisor once requests are taken. */
export interface ReadyMessage {
  readonly readyOnPort: number
}

const servers = new Map<string, Server | undefined>()

/** @param functions what the functions module exports */
export function serve(functions: Record<string, unknown>): void {
  // Ctrl-C in a terminal reaches every process of the group: the supervisor decides when an instance ends.
  process.on('SIGINT', () => undefined)
  // An exit of its own can wait for ever, for whatever is still at work in it.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.on('message', takeSettings)
  if (process.env['LOCAL_SETTINGS_CHECKED'] === 'true') checkedAtStart()
  openFront()
  for (const declaration of declarationsOf(functions)) {
    register(declaration)
    servers.set(declaration.name, undefined)
  }
  listen()
}

/** Whoever started the shop reads which setting is wrong, and nothing of where that was found. */
function checkedAtStart(): void {
  try {
    checkAtStart()
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(1)
  }
}

function takeSettings({ settings }: Partial<SettingsMessage>): void {
  if (settings === undefined) return
  for (const [name, value] of Object.entries(settings)) {
    if (value === null) delete process.env[name]
    else process.env[name] = value
  }
  forgetAll()
}

/** The framework's server of one function; it never listens itself, requests are handed to it. */
function serverOf(name: string): Server | undefined {
  if (!servers.has(name)) return undefined
  const server = servers.get(name) ?? getTestServer(name)
  servers.set(name, server)
  return server
}

function listen(): void {
  // No time-outs here: the router keeps its connections open, and a deadline is the gateway's business.
  const listener = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    const name = take(request, 'x-local-function')
    const requestId = take(request, 'x-local-request')
    const tenant = take(request, 'x-local-tenant')
    const server = serverOf(name)
    if (server === undefined) response.writeHead(404).end()
    else caller.run({ function: name, requestId, tenant }, () => server.emit('request', request, response))
  })
  listener.listen(0, '127.0.0.1', () => {
    // One that is killed writes nothing when it ends: the next one is to find what this one compiled.
    flushCompileCache()
    process.send?.({ readyOnPort: (listener.address() as AddressInfo).port } satisfies ReadyMessage)
  })
}

/** Reads a header of the router's and removes it: a function sees what production would show it. */
function take(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  delete request.headers[name]
  return String(value ?? '')
}
