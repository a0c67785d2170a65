/** Deliveries of webhooks when their cloud stops: nothing reaches whoever comes to the same address after it, nothing is lost. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Disk } from '../../../../infra/local/disk.ts'
import { Timeline } from '../../../../infra/local/timeline.ts'
import { WebhookSender } from '../../../../infra/local/vendors/webhook-sender.ts'

const EVENTS = ['a', 'b', 'c', 'd', 'e', 'f']

let directory: string
let server: Server
let came: string[]
/** What the shop has not answered yet. */
let held: ServerResponse[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'countinghouse-webhooks-'))
  came = []
  held = []
  server = createServer((request, response) => {
    came.push(String(request.headers['x-event']))
    held.push(response)
    request.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await rm(directory, { recursive: true, force: true })
})

function open(): { sender: WebhookSender; timeline: Timeline; disk: Disk } {
  const [timeline, disk] = [new Timeline(), new Disk(directory)]
  const context = { timeline, shelves: disk.shelves('vendor'), shopUrl: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`, random: () => 1 }
  return { sender: new WebhookSender({ context, retryMs: [1_000], sign: ({ id }) => ({ 'x-event': id }), answerDeadlineMs: 20_000 }), timeline, disk }
}

describe('survives', () => {
  test('the end of its cloud: what is on its way is given up, what waits stays, and the next start delivers it all', async () => {
    const first = open()
    for (const id of EVENTS) first.sender.send(id, '/webhooks', '{}')
    await vi.waitFor(() => expect(came.toSorted()).toEqual(['a', 'b', 'c', 'd']))
    const closed = held.map((response) => new Promise((resolve) => response.once('close', resolve)))
    first.timeline.stop()
    await Promise.all(closed)
    await vi.waitFor(() => expect(first.sender.pending()).toBe(2))
    expect([came.length, first.sender.deliveries().map(({ status, attempts }) => [status, attempts])]).toEqual([4, EVENTS.map(() => ['waiting', 0])])
    first.disk.close()
    came = []
    const second = open()
    await vi.waitFor(() => {
      for (const response of held.splice(0)) response.end()
      expect(second.sender.deliveries().map(({ status }) => status)).toEqual(EVENTS.map(() => 'delivered'))
    })
    expect(came.toSorted()).toEqual(EVENTS)
    second.timeline.stop()
    second.disk.close()
  })
})
