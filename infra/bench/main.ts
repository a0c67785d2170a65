/**
 * `npm run bench -- checkout [--seconds 60]`: measures the product as it runs on one machine.
 * `npm run bench -- cold [--rounds 5] [--only health,get-order]`: measures how long each bundle takes to its first answer.
 */
import { parseArgs } from 'node:util'
import { benchCheckout } from './checkout.ts'
import { benchCold } from './cold.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, instances: { type: 'string', default: '2' }, rounds: { type: 'string', default: '5' }, only: { type: 'string' } },
})
if (positionals[0] === 'checkout') {
  await benchCheckout({ sustainedSeconds: Number(values.seconds), instances: Number(values.instances) })
} else if (positionals[0] === 'cold') {
  await benchCold({ rounds: Number(values.rounds), ...(values.only === undefined ? {} : { only: values.only.split(',') }) })
} else {
  process.stderr.write('Say what to measure: npm run bench -- checkout, or npm run bench -- cold\n')
  process.exitCode = 1
}
