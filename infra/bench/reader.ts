/**
 * Reads and parses a list to its end, and nothing else: what a sync is compared with. A process of its own, as an instance is.
 *
 * Takes what to read as JSON in its first argument; prints what it read, how long it took and what it occupied at most.
 */
import { Agent, request } from 'node:http'
import { peakMb } from './process-memory.ts'

export interface Reading {
  readonly url: string
  readonly authorization: string
  /** Name of the list in an answer. */
  readonly list: string
  /** Lightspeed leads on by an address, Square by a cursor for the same question. */
  readonly leadsBy: 'cursor' | 'next'
}

export interface HasRead {
  readonly rows: number
  readonly seconds: number
  readonly peakMb: number
}

const agent = new Agent({ keepAlive: true })

async function readAll({ url, authorization, list, leadsBy }: Reading): Promise<HasRead> {
  const started = performance.now()
  let rows = 0
  for (let next: string | undefined = url; next !== undefined; ) {
    const body = JSON.parse(await textOf(next, authorization)) as Record<string, unknown>
    const found = body[list]
    rows += found === undefined ? 0 : Array.isArray(found) ? found.length : 1
    next = leadsBy === 'cursor' ? afterCursor(url, body['cursor']) : afterNext(url, body['@attributes'])
  }
  return { rows, seconds: (performance.now() - started) / 1_000, peakMb: await peakMb(process.pid) }
}

function afterCursor(url: string, cursor: unknown): string | undefined {
  return typeof cursor === 'string' && cursor !== '' ? `${url}&cursor=${encodeURIComponent(cursor)}` : undefined
}

function afterNext(url: string, attributes: unknown): string | undefined {
  const next = (attributes as { next?: string } | undefined)?.next ?? ''
  return next === '' ? undefined : new URL(url).origin + next.slice(new URL(next).origin.length)
}

function textOf(url: string, authorization: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent, headers: { authorization } }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('end', () => (answer.statusCode === 200 ? resolve(Buffer.concat(parts).toString('utf8')) : reject(new Error(`${url}: ${answer.statusCode}`))))
    })
    call.on('error', reject)
    call.end()
  })
}

const asked = process.argv[2]
if (asked !== undefined) {
  process.stdout.write(JSON.stringify(await readAll(JSON.parse(asked) as Reading)))
  agent.destroy()
}
