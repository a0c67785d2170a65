/**
 * `npm run bench -- checkout [--seconds 60]`: measures the product as it runs on one machine.
 * `npm run bench -- cold [--rounds 5] [--only health,get-order]`: measures how long each bundle takes to its first answer.
 * `npm run bench -- sync [--payments 1000000] [--sales 200000]`: brings a past of the tills in, with a death on the way, and counts it.
 */
import { parseArgs } from 'node:util'
import { benchCheckout } from './checkout.ts'
import { benchCold } from './cold.ts'
import { benchSync } from './sync.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, instances: { type: 'string', default: '2' }, rounds: { type: 'string', default: '5' }, only: { type: 'string' }, payments: { type: 'string', default: '100000' }, sales: { type: 'string', default: '20000' } },
})
if (positionals[0] === 'checkout') {
  await benchCheckout({ sustainedSeconds: Number(values.seconds), instances: Number(values.instances) })
} else if (positionals[0] === 'cold') {
  await benchCold({ rounds: Number(values.rounds), ...(values.only === undefined ? {} : { only: values.only.split(',') }) })
} else if (positionals[0] === 'sync') {
  await benchSync({ payments: Number(values.payments), sales: Number(values.sales) })
} else {
  process.stderr.write('Say what to measure: npm run bench -- checkout, cold or sync\n')
  process.exitCode = 1
}
