/** The workflows: nothing moves under them, nothing may do more than it must, and what they call exists. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const WORKFLOWS = new URL('../../../.github/workflows/', import.meta.url)
/** An action by its commit, its version beside it for people. */
const PINNED = /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/

const { scripts } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> }

function faultsOf(name: string, text: string): string[] {
  const used = [...text.matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, what = '']) => what)
  const called = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script)
  const jobs = text.slice(text.indexOf('\njobs:')).match(/^ {2}[\w-]+:$/gm)?.length ?? 0
  const limits = text.match(/^ {4}timeout-minutes: \d+$/gm)?.length ?? 0
  const others = text.match(/^ {4}uses: \.\//gm)?.length ?? 0
  return [
    ...used.filter((what) => !what.startsWith('./') && !PINNED.test(what)).map((what) => `${name}: ${what}: pin its commit and say its version`),
    ...called.filter((script) => scripts[script] === undefined).map((script) => `${name}: there is no script ${script}`),
    ...(/^permissions:\n {2}contents: read$/m.test(text) ? [] : [`${name}: begin with no more than reading the sources`]),
    ...(/^concurrency:$/m.test(text) ? [] : [`${name}: say what may run beside what`]),
    ...(limits + others < jobs ? [`${name}: a job without an end`] : []),
    ...(/\$\{\{ *secrets\./.test(text) ? [`${name}: keep no secret; sign in by workload identity`] : []),
    ...([...text.matchAll(/run: .*\$\{\{/g)].length > 0 ? [`${name}: a command takes what it is told by its environment`] : []),
  ]
}

const files = readdirSync(WORKFLOWS).map((name) => ({ name, text: readFileSync(new URL(name, WORKFLOWS), 'utf8') }))

describe('does', () => {
  test('actions are pinned, rights are least, jobs end, and what is called exists', () => {
    expect(files.map(({ name }) => name)).toEqual(['ci.yml', 'deploy.yml', 'rollback.yml'])
    expect(files.flatMap(({ name, text }) => faultsOf(name, text))).toEqual([])
  })

  test('whatever deploys asks CI first, signs in without a key, and is the only one at work', () => {
    const deploy = files.find(({ name }) => name === 'deploy.yml')?.text ?? ''
    for (const part of ['needs: ci', 'uses: ./.github/workflows/ci.yml', 'id-token: write', 'workload_identity_provider:', 'cancel-in-progress: false', 'npm run smoke']) {
      expect(deploy).toContain(part)
    }
    expect(files.filter(({ text }) => text.includes('id-token: write')).map(({ name }) => name)).toEqual(['deploy.yml', 'rollback.yml'])
  })
})

describe('refuses', () => {
  const GOOD = 'permissions:\n  contents: read\nconcurrency:\n  group: a\njobs:\n  a:\n    timeout-minutes: 1\n'

  test.each([
    ['pin its commit', '      - uses: actions/checkout@v4\n'],
    ['there is no script nothing', '      - run: npm run nothing\n'],
    ['keep no secret', '      key: ${{ secrets.KEY }}\n'],
    ['a job without an end', '  b:\n    steps: []\n'],
    ['takes what it is told', '      - run: echo ${{ github.event.title }}\n'],
  ])('a workflow: %s', (fault, more) => {
    expect(faultsOf('a', GOOD)).toEqual([])
    expect(faultsOf('a', GOOD + more)).toEqual([expect.stringContaining(fault)])
  })
})
