/**
 * `npm run smoke -- --url https://shop.example.com`: asks a running shop what must hold after every deployment, changes
 * nothing in it, and exits with 1 when anything does not.
 */
import { parseArgs } from 'node:util'
import { run, say } from './command.ts'
import { smoke } from './smoke-checks.ts'

await run(async () => {
  const { values } = parseArgs({ options: { url: { type: 'string' } } })
  if (values.url === undefined || !URL.canParse(values.url)) throw new Error('Say which shop: npm run smoke -- --url https://shop.example.com')
  const results = await smoke(new URL(values.url))
  for (const { what, fault } of results) say(`${fault === undefined ? 'ok' : 'FAULT'}  ${what}${fault === undefined ? '' : `: ${fault}`}`)
  const faults = results.filter(({ fault }) => fault !== undefined).length
  say(`smoke: ${results.length - faults} hold, ${faults} do not`)
  if (faults > 0) process.exitCode = 1
})
