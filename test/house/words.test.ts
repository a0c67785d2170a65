/**
 * What may be written, and where: the one place for the environment, the clock and the log; no names that mean
 * nothing, no long files, nothing left for later.
 */
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { pathsIn, placesOf, ROOT, sourceOf, sourcesIn, type Source } from './source.ts'

const TOP_LEVEL = [
  'package.json', 'package-lock.json', 'tsconfig.json', 'functions', 'shared', 'infra', 'test', 'firebase.json', 'README.md',
  'LICENSE',
]
const MEANS_NOTHING = /^(?:utils?|helpers?|common|misc|libs?|core|services?|types?|managers?)$/
const PRODUCT_LINES_MAX = 400

interface OneHome {
  readonly what: RegExp
  /** The one file where it may stand; none at all without it. */
  readonly home?: string
  readonly mend: string
}

/** Things that product code does in one place or not at all. */
const ONE_HOME: readonly OneHome[] = [
  {
    what: /\bprocess\s*\.\s*env\b/g,
    home: 'shared/platform/config.ts', mend: 'Declare the setting in shared/platform/config.ts and read it by config().',
  },
  {
    what: /\b(?:Date\.now|performance\.timeOrigin|Temporal\.Now)\b|\bnew Date\b(?!\s*\(\s*[^\s)])|(?<!new )\bDate\s*\(/g,
    home: 'shared/platform/clock.ts', mend: 'Take the time from now() in shared/platform/clock.ts, or have it passed in.',
  },
  {
    what: /\bconsole\s*\.|\bprocess\s*\.\s*std(?:out|err)\b/g,
    home: 'shared/platform/log.ts', mend: 'Say it by log in shared/platform/log.ts, which masks.',
  },
  { what: /\bsetInterval\b/g, mend: 'Nothing runs between calls: declare a schedule().' },
  { what: /^[ \t]*void\s+[\w(]/gm, mend: 'Await it: nothing may run after the answer.' },
  { what: /\bas\s+any\b|<any>/g, mend: 'Say which type it is, or "unknown".' },
  { what: /^[ \t]*export\s+default\b|\bas\s+default\b/gm, mend: 'Export it by its name.' },
]

function strayHomes(source: Source): string[] {
  const elsewhere = ONE_HOME.filter(({ home }) => home !== source.path)
  return elsewhere.flatMap(({ what, mend }) => placesOf(source, 'bare', what, mend))
}

/** Chance decides how long to wait or which free slot to try, never an id or anything that counts. */
function strayChance(source: Source): string[] {
  const lines = source.bare.split('\n')
  return lines.flatMap((line, index) => {
    if (!/\bMath\s*\.\s*random\b/.test(line)) return []
    if (/jitter|slot/i.test(lines.slice(Math.max(0, index - 3), index + 1).join('\n'))) return []
    return [`${source.path}:${index + 1}: chance is for jitter and slots only; ids come from newId() in shared/values/ids.ts.`]
  })
}

function barrels(source: Source): string[] {
  if (source.path === 'functions/index.ts') return []
  const passedOn = /^[ \t]*export\s+(?:type\s+)?(?:\*[\w\s]*|\{[^}]*\})\s*from\b/gm
  return placesOf(source, 'bare', passedOn, 'No barrels but functions/index.ts: import it from where it is made.')
}

const SWITCHED_OFF = /\b(?:test|it|describe|suite)(?:\.\w+)*\.(?:only|skip\w*|todo|fails)\b/g

function leftForLater(source: Source): string[] {
  return [
    ...placesOf(source, 'text', /\b(?:TODO|FIXME|XXX)\b/g, 'Do it now, or leave it out.'),
    ...placesOf(source, 'bare', SWITCHED_OFF, 'Every test runs: take the mark away, or mend what it hides.'),
  ]
}

function namesThatMeanNothing(path: string): string[] {
  const words = path.split('/').map((part) => part.replace(/\..*$/, ''))
  const word = words.find((one) => MEANS_NOTHING.test(one) || MEANS_NOTHING.test(one.split('-').at(-1) ?? ''))
  return word === undefined || path.startsWith('.') ? [] : [`${path}: "${word}" says nothing; name it after what it is about.`]
}

function tooLong({ path, text }: Source): string[] {
  const lines = text.split('\n').length - 1
  if (lines <= PRODUCT_LINES_MAX) return []
  return [`${path}: ${lines} lines, at most ${PRODUCT_LINES_MAX}. It is about two things: make two files.`]
}

const product = sourcesIn('functions', 'shared')
/** The house tests themselves spell out what they forbid. */
const everything = [...product, ...sourcesIn('infra', 'test')].filter(({ path }) => !path.startsWith('test/house/'))

describe('does', () => {
  test('the top level holds what it should and nothing else, but for what is installed and built', () => {
    const found = readdirSync(ROOT).filter((name) => !name.startsWith('.') && name !== 'node_modules' && name !== 'dist')
    const stray = found.filter((name) => !TOP_LEVEL.includes(name))
    const mend = 'does not belong at the top level; move it into functions, shared, infra or test.'
    expect(stray.map((name) => `${name}: ${mend}`)).toEqual([])
    const missing = TOP_LEVEL.filter((name) => !found.includes(name))
    expect(missing.map((name) => `${name}: is missing at the top level; write it.`)).toEqual([])
  })

  test('environment, clock and log each have one home, and product code avoids what it may not do', () => {
    expect(product.flatMap(strayHomes)).toEqual([])
  })

  test('chance is used for jitter and slots only', () => {
    expect(product.flatMap(strayChance)).toEqual([])
  })

  test('there is one contents page and no barrel', () => {
    expect(product.flatMap(barrels)).toEqual([])
  })

  test('nothing is left for later and no test is switched off', () => {
    expect(everything.flatMap(leftForLater)).toEqual([])
  })

  test('files and folders are named after what they are about', () => {
    expect(pathsIn('functions', 'shared', 'infra', 'test').flatMap(namesThatMeanNothing)).toEqual([])
  })

  test('no file of the product is longer than can be taken in', () => {
    expect(product.flatMap(tooLong)).toEqual([])
  })
})

describe('refuses', () => {
  test.each([
    ['const key = process.env.KEY', 'shared/platform/config.ts'],
    ["const key = `${process.env['KEY']}`", 'shared/platform/config.ts'],
    ['const at = Date.now()', 'now()'],
    ['const at = new Date()', 'now()'],
    ['const at = new Date', 'now()'],
    ['const at = Date()', 'now()'],
    ['const at = performance.timeOrigin', 'now()'],
    ["console.log('x')", 'shared/platform/log.ts'],
    ["process.stdout.write('x')", 'shared/platform/log.ts'],
    ['setInterval(tick, 1000)', 'schedule()'],
    ['void send(mail)', 'Await it'],
    ['const row = body as any', 'Say which type'],
    ['export default checkOut', 'by its name'],
    ['export { checkOut as default }', 'by its name'],
  ])('in product code: %s', (line, mend) => {
    expect(strayHomes(sourceOf('shared/domain/order.ts', `const before = 1\n${line}\n`))).toEqual([
      expect.stringMatching(new RegExp(`^shared/domain/order\\.ts:2: .*${mend.replace(/[()]/g, '\\$&')}`)),
    ])
  })

  test('chance for an id, a barrel, work put off, a test switched off, an empty name and a long file', () => {
    expect(strayChance(sourceOf('shared/values/ids.ts', 'const id = Math.random()'))).toHaveLength(1)
    expect(barrels(sourceOf('shared/domain/all.ts', "export * from './a.ts'\nexport {\n  b,\n} from './b.ts'"))).toHaveLength(2)
    expect(leftForLater(sourceOf('shared/domain/a.ts', '// TODO later\nconst a = 1 // FIXME'))).toHaveLength(2)
    expect(leftForLater(sourceOf('test/a.test.ts', "test.only('a', run)\ndescribe.skip('b', run)"))).toHaveLength(2)
    const names = ['shared/utils/a.ts', 'shared/domain/types.ts', 'shared/domain/order-helpers.ts', 'test/common/a.test.ts']
    expect(names.flatMap(namesThatMeanNothing)).toHaveLength(4)
    expect(tooLong(sourceOf('shared/domain/a.ts', 'a\n'.repeat(401)))).toHaveLength(1)
  })

  test('not what is only spoken of: comments, quoted text, moments that are given', () => {
    const text = [
      '/** Never Date.now(), console.log or process.env. */',
      "const sentence = 'read process.env as any other // text'",
      'const at = new Date(now()) // not new Date()',
    ]
    expect(strayHomes(sourceOf('shared/domain/order.ts', text.join('\n')))).toEqual([])
  })

  test.each([
    [`const quote = /[/'"]x/ // console.log`, '// console.log'],
    ["const link = `https://x/${parts.map((part) => `//${part}`).join(',')}` + 'Date.now()'", "'Date.now()'"],
    ['const half = total / 2 /* new Date() */ / 3', '/* new Date() */'],
    ["const sentence = 'it\\'s // console.log'", "'it\\'s // console.log'"],
  ])('to take code for a comment: %s', (line, gone) => {
    expect(sourceOf('a.ts', line).bare).toBe(line.replace(gone, ' '.repeat(gone.length)))
  })
})
