import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configure, unconfigure } from '../configured.ts'
import { callHttp, callPatiently, restMs, saidRetryAfterMs } from '../../shared/platform/http.ts'

let url = ''
let connections = 0
/** What `/tried` answers next: a status, one with the seconds of its `Retry-After`, or nothing; the last one for ever. */
let answers: string[] = []
let tries = 0
const server = createServer((request, response) => void answer(request, response))

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = (await request.toArray()).join('')
  switch (request.url) {
    case '/echo':
      response.setHeader('retry-after', '7')
      response.statusCode = 201
      response.end(JSON.stringify({ method: request.method, body, type: request.headers['content-type'] ?? null, accept: request.headers.accept }))
      return
    case '/marked':
      response.end('\uFEFF{"ok":true}')
      return
    case '/page':
      response.statusCode = 502
      response.end('<h1>Bad gateway</h1>')
      return
    case '/moved':
      response.writeHead(302, { location: '/echo' }).end()
      return
    case '/torn':
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"half":')
      response.destroy()
      return
    case '/tried': {
      const [status, ...later] = answers.length > 1 ? answers : [...answers, ...answers]
      answers = later as string[]
      tries += 1
      if (status === 'drop') return void response.destroy()
      return void response.writeHead(Number(status?.split(' ')[0]), status?.includes(' ') === true ? { 'retry-after': status.split(' ')[1] } : {}).end()
    }
    case '/silent':
      return
    default:
      response.end()
  }
}

beforeAll(async () => {
  configure({ RETRY_WAIT_MS: '2' })
  server.on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(() => {
  unconfigure()
  server.closeAllConnections()
  server.close()
})

const get = (path: string, deadlineMs = 5_000) => callHttp({ method: 'GET', url: `${url}${path}`, deadlineMs })

describe('does', () => {
  test('send JSON and answer status, headers and JSON', async () => {
    const answer = await callHttp({ method: 'POST', url: `${url}/echo`, body: { name: 'Žofie' }, deadlineMs: 5_000 })
    expect(answer).toMatchObject({
      lost: false, status: 201, headers: { 'retry-after': '7' },
      body: { method: 'POST', body: '{"name":"Žofie"}', type: 'application/json', accept: 'application/json' },
    })
  })

  test('use one connection for calls that follow each other', async () => {
    await get('/echo')
    const before = connections
    for (let turn = 0; turn < 5; turn++) await get('/echo')
    expect(connections).toBe(before)
  })

  test('read JSON behind a byte order mark, keep a page as text, an empty body as nothing', async () => {
    expect(await get('/marked')).toMatchObject({ body: { ok: true } })
    expect(await get('/page')).toMatchObject({ status: 502, body: '<h1>Bad gateway</h1>' })
    expect(await get('/')).toMatchObject({ status: 200, body: undefined })
  })
})

describe('refuses', () => {
  test('to follow a redirect: it is the answer', async () => {
    expect(await get('/moved')).toMatchObject({ lost: false, status: 302 })
  })
})

describe('survives', () => {
  test('silence, a torn answer and nobody there: lost, with a reason', async () => {
    const lost = [await get('/silent', 30), await get('/torn'), await callHttp({ method: 'GET', url: 'http://127.0.0.1:1/', deadlineMs: 5_000 })]
    for (const answer of lost) expect(answer).toMatchObject({ lost: true, reason: expect.stringMatching(/\w+: .+/) })
  })
})

describe('survives', () => {
  const patiently = async (...wanted: string[]): Promise<{ status: number | 'lost'; tries: number }> => {
    answers = wanted
    tries = 0
    const result = await callPatiently({ method: 'POST', url: `${url}/tried`, deadlineMs: 5_000 })
    return { status: result.lost ? 'lost' : result.status, tries }
  }

  test.each<[string, string[], { status: number | 'lost'; tries: number }]>([
    ['an error and a lost answer: asked again', ['503', 'drop', '200'], { status: 200, tries: 3 }],
    ['errors that do not end: four tries in all', ['500'], { status: 500, tries: 4 }],
    ['no answer at all', ['drop'], { status: 'lost', tries: 4 }],
    ['an answer, whatever it says', ['404', '200'], { status: 404, tries: 1 }],
    ['too many calls, without saying for how long: a minute is not waited for', ['429', '200'], { status: 429, tries: 1 }],
    ['too many calls, for longer than the next wait', ['429 30', '200'], { status: 429, tries: 1 }],
    ['too many calls, for a moment', ['429 0.001', '200'], { status: 200, tries: 2 }],
    ['an error that says when to come again, later than the next wait', ['503 120', '200'], { status: 503, tries: 1 }],
  ])('%s', async (_, wanted, expected) => {
    expect(await patiently(...wanted)).toEqual(expected)
  })

  test('read what the other side says about when to come again, and a minute into a 429 that does not', () => {
    expect(saidRetryAfterMs({ 'retry-after': '7' })).toBe(7_000)
    expect(saidRetryAfterMs({ 'retry-after': new Date(Date.now() + 90_000).toUTCString() })).toBeGreaterThan(85_000)
    for (const said of [undefined, '', 'soon', '-3', '0']) expect(saidRetryAfterMs({ 'retry-after': said })).toBeUndefined()
    const answered = (status: number, headers = {}) => ({ lost: false as const, status, headers, body: undefined })
    expect([restMs(answered(429)), restMs(answered(429, { 'retry-after': '3' })), restMs(answered(503)), restMs({ lost: true, reason: '' })]).toEqual([60_000, 3_000, undefined, undefined])
  })
})
