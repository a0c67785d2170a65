/**
 * A merchant at the Authorize.Net simulator: plain HTTP on a real port, a receiver of webhooks, a clock of its own.
 *
 * Everything is in memory and on free ports unless a disk is given, so that test files run side by side.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { Disk } from '../../../../../infra/local/disk.ts'
import { HttpPorts } from '../../../../../infra/local/http-ports.ts'
import { Timeline } from '../../../../../infra/local/timeline.ts'
import { createAuthorizeNet, type AuthorizeNetOptions } from '../../../../../infra/local/vendors/authorize-net/authorize-net.ts'
import { Wire } from '../../../../../infra/local/wire.ts'

// oxlint-disable-next-line typescript/no-explicit-any
export type Json = Record<string, any>

export const LOGIN_ID = 'login123'
export const TRANSACTION_KEY = 'transaction-key1'
/** That of the contract's worked example. */
export const SIGNATURE_KEY = 'A1B2C3D4E5F60718293A4B5C6D7E8F90'.repeat(4)
export const DAY_MS = 86_400_000

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly event: Json
}

let nonces = 0

export async function openAccount(options: Partial<AuthorizeNetOptions> = {}, disk = new Disk(), startMs?: number) {
  const timeline = new Timeline(startMs === undefined ? 0 : startMs - Date.now())
  const received: Received[] = []
  const receiver = { status: 200 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      received.push({ headers: request.headers, text, event: JSON.parse(text) as Json })
      response.writeHead(receiver.status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const shopUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const vendor = createAuthorizeNet(
    { timeline, shelves: disk.shelves('authorize_net'), shopUrl: () => shopUrl, random: () => 0.5 },
    { loginId: LOGIN_ID, transactionKey: TRANSACTION_KEY, signatureKey: SIGNATURE_KEY, disorder: { duplicates: 0, late: 0 }, ...options },
  )
  timeline.onQuiet(quiet)
  const ports = new HttpPorts(new Wire({ now: () => timeline.now(), kill: () => undefined }))
  const url = `http://127.0.0.1:${await ports.open(vendor.service, 'instance-1')}`
  onTestFinished(async () => {
    timeline.stop()
    await ports.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  async function quiet(): Promise<void> {
    while (vendor.pending() > 0) await new Promise((resolve) => setTimeout(resolve, 2))
  }

  async function raw(body: unknown): Promise<{ status: number; bytes: Buffer }> {
    const response = await fetch(`${url}/xml/v1/request.api`, { method: 'POST', body: JSON.stringify(body) })
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) }
  }

  async function ask(operation: string, fields: Json = {}, credentials: Json = {}): Promise<Json> {
    const merchantAuthentication = { name: LOGIN_ID, transactionKey: TRANSACTION_KEY, ...credentials }
    const { bytes } = await raw({ [operation]: { merchantAuthentication, ...fields } })
    return JSON.parse(new TextDecoder().decode(bytes)) as Json
  }

  async function transact(transactionRequest: Json): Promise<Json> {
    return ask('createTransactionRequest', { transactionRequest })
  }

  /** A charge by a new nonce; in the order of the schema, whatever is said differently. */
  function charge(more: Json = {}, card = 'tok_visa_test'): Promise<Json> {
    const given: Json = { transactionType: 'authCaptureTransaction', amount: '45.00', payment: opaque(`${card}:${++nonces}`), order: { invoiceNumber: `INV-${++nonces}` }, ...more }
    const order = ['transactionType', 'amount', 'currencyCode', 'payment', 'profile', 'refTransId', 'order', 'customer', 'billTo', 'transactionSettings']
    return transact(Object.fromEntries(order.filter((name) => given[name] !== undefined).map((name) => [name, given[name]])))
  }

  return {
    url, vendor, timeline, received, receiver, raw, ask, transact, charge, quiet,
    /** The id of a charge that went through. */
    charged: async (more: Json = {}, card?: string): Promise<string> => (await charge(more, card))['transactionResponse'].transId as string,
    details: async (transId: string): Promise<Json> => (await ask('getTransactionDetailsRequest', { transId }))['transaction'] as Json,
    refund: (refTransId: string, amount: string, more: Json = {}): Promise<Json> =>
      transact({ transactionType: 'refundTransaction', amount, payment: { creditCard: { cardNumber: '1111', expirationDate: 'XXXX' } }, refTransId, ...more }),
    act: async (action: string, body: unknown = {}): Promise<Json> => (await vendor.control(action.split('/'), body)).body as Json,
    pass: async (ms: number): Promise<void> => {
      await timeline.jumpTo(timeline.now() + ms)
      await quiet()
    },
    types: (): string[] => received.map(({ event }) => event['eventType'].replace('net.authorize.payment.', '')),
  }
}

export function opaque(dataValue: string): Json {
  return { opaqueData: { dataDescriptor: 'COMMON.ACCEPT.INAPP.PAYMENT', dataValue } }
}

/** Outer code, inner response code, inner reason. */
export function said(answer: Json): [string, string?, string?] {
  const inner = answer['transactionResponse']
  const reason = inner?.errors?.[0].errorCode ?? inner?.messages?.[0].code
  return [answer['messages'].message[0].code, ...(inner === undefined ? [] : [inner.responseCode, reason])] as [string, string?, string?]
}
