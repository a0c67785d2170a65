/**
 * `npm run token -- --role admin --sub me`: prints a token that the running local cloud accepts, and nothing else.
 * The cloud signs it, so its time is the cloud's time, also after a jump of the clock.
 */
import { parseArgs } from 'node:util'

const USAGE = 'npm run token -- --role ROLE --sub ID [--email E] [--org ID] [--events A,B] [--expires-in 24h] [--port 8080]'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      role: { type: 'string' },
      sub: { type: 'string' },
      email: { type: 'string' },
      org: { type: 'string' },
      events: { type: 'string' },
      'expires-in': { type: 'string' },
      port: { type: 'string', default: process.env['PORT'] ?? '8080' },
    },
  })
  const { role, sub, email, org, events, port } = values
  if (role === undefined || sub === undefined) throw new Error(`Say who the token is for: ${USAGE}`)
  const answer = await fetch(`http://localhost:${port}/_local/token`, {
    method: 'POST',
    body: JSON.stringify({ role, sub, email, org, events: events?.split(','), expiresIn: values['expires-in'] }),
  }).catch(() => {
    throw new Error(`No local cloud answers at http://localhost:${port}. Start it with "npm start" first, or say where it is: --port 8081.`)
  })
  const { token, error } = (await answer.json()) as { token?: string; error?: string }
  if (token === undefined) throw new Error(error ?? 'The local cloud gave no token.')
  process.stdout.write(`${token}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
