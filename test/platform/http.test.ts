import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callHttp } from '../../shared/platform/http.ts'

let url = ''
let connections = 0
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
    case '/silent':
      return
    default:
      response.end()
  }
}

beforeAll(async () => {
  server.on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(() => {
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
