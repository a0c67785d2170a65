/** The ground of the Lightspeed tests: the simulator on a port, and a caller who signs in as the shop does. */
import { onTestFinished } from 'vitest'
import { Disk } from '../../../../../infra/local/disk.ts'
import { HttpPorts } from '../../../../../infra/local/http-ports.ts'
import { Timeline } from '../../../../../infra/local/timeline.ts'
import { createLightspeed } from '../../../../../infra/local/vendors/lightspeed/lightspeed.ts'
import type { Vendor } from '../../../../../infra/local/vendors/vendor.ts'
import { Wire } from '../../../../../infra/local/wire.ts'

export const ACCOUNT = '182255'
export const CONSENT = 'def50consent'
export const API_KEY = 'a'.repeat(64)

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, any>
}

export interface Ground {
  readonly vendor: Vendor
  readonly timeline: Timeline
  /** Below the account, with a good token unless another header is given. */
  get(path: string, authorization?: string): Promise<Answer>
  post(path: string, body: unknown): Promise<Answer>
  put(path: string, body: unknown): Promise<Answer>
  refresh(token: string): Promise<Answer>
  act(action: string, body?: unknown): Promise<Record<string, any>>
}

/** @param disk keeps the state, so that a second ground on it is the same vendor after a restart */
export async function ground(disk = new Disk()): Promise<Ground> {
  const timeline = new Timeline()
  const ports = new HttpPorts(new Wire({ now: () => timeline.now(), kill: () => undefined }))
  const application = { clientId: 'shop', clientSecret: 'secret', refreshToken: CONSENT, apiKey: API_KEY }
  const context = { timeline, shelves: disk.shelves('lightspeed'), shopUrl: () => '', random: Math.random }
  const vendor = createLightspeed(context, { accountId: ACCOUNT, ...application })
  const base = `http://127.0.0.1:${await ports.open(vendor.service, 'instance-1')}`
  onTestFinished(async () => {
    timeline.stop()
    await ports.close()
  })

  async function call(url: string, options: RequestInit): Promise<Answer> {
    const answer = await fetch(url, options)
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, any> }
  }

  const key = `Basic ${Buffer.from(`${API_KEY}:apikey`).toString('base64')}`
  const sent = (method: string, path: string, body: unknown): Promise<Answer> =>
    call(`${base}/API/V3/Account/${ACCOUNT}/${path}`, { method, headers: { authorization: key, 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return {
    vendor,
    timeline,
    get: (path, authorization = key) => call(`${base}/API/V3/Account/${ACCOUNT}/${path}`, { headers: { authorization } }),
    post: (path, body) => sent('POST', path, body),
    put: (path, body) => sent('PUT', path, body),
    refresh: (token) => call(`${base}/auth/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: 'shop', client_secret: 'secret', grant_type: 'refresh_token', refresh_token: token }),
    }),
    act: async (action, body = {}) => {
      const answer = await vendor.control(action.split('/'), body)
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body))
      return answer.body as Record<string, any>
    },
  }
}
