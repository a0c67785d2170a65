/**
 * What the project is made of: exact versions, each used, none bound to one machine's registry, and commands that exist.
 */
import { describe, expect, test } from 'vitest'
import { exists, importsOf, packageOf, readText, sourcesIn } from './source.ts'

interface Project {
  readonly scripts: Record<string, string>
  readonly dependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
  readonly allowScripts: Record<string, boolean>
}

interface Locked {
  readonly resolved?: string
  readonly version?: string
  readonly hasInstallScript?: boolean
  readonly bin?: Record<string, string>
}

type Lock = Record<string, Locked>

/** Names of packages that are imported, by who imports them, and those that the compiler is told of. */
interface Used {
  readonly byProduct: ReadonlySet<string>
  readonly elsewhere: ReadonlySet<string>
  readonly byCompiler: readonly string[]
}

const OURS = ['start', 'test', 'check', 'generate', 'token']

function looseVersions({ dependencies, devDependencies }: Project): string[] {
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    .map(([name, version]) => `package.json: ${name} "${version}": pin one version, as 1.2.3.`)
}

function misplaced(project: Project, lock: Lock, { byProduct, elsewhere, byCompiler }: Used): string[] {
  const forProduct = Object.keys(project.dependencies)
  const forUs = Object.keys(project.devDependencies)
  const idle = (name: string) => !elsewhere.has(name) && !isCalled(name, project, lock) && !byCompiler.includes(name)
  const named = [...forProduct, ...forUs]
  return [
    ...forProduct
      .filter((name) => !byProduct.has(name))
      .map((name) => `no product code uses ${name}: ${elsewhere.has(name) ? 'move it to devDependencies' : 'take it out'}.`),
    ...forUs.filter(idle).map((name) => `nothing uses ${name}: take it out.`),
    ...forUs.filter((name) => byProduct.has(name)).map((name) => `product code uses ${name}: move it to dependencies.`),
    ...[...byProduct, ...elsewhere]
      .filter((name) => !named.includes(name))
      .map((name) => `${name} is imported and found only by luck: add it with its version, or do without.`),
  ].map((fault) => `package.json: ${fault}`)
}

/** Whether a script calls a command that the package brings. */
function isCalled(name: string, { scripts }: Project, lock: Lock): boolean {
  const words = Object.values(scripts).flatMap((script) => script.split(/\s+/))
  return Object.keys(lock[`node_modules/${name}`]?.bin ?? {}).some((command) => words.includes(command))
}

function boundToAnAddress(lock: Lock): string[] {
  return Object.entries(lock)
    .filter(([, { resolved }]) => resolved !== undefined)
    .map(([name]) => `package-lock.json: ${name}: take out "resolved", so that every machine asks its own registry.`)
}

/** Node comes along as a package and needs its install script; nobody else may run anything at installation. */
function faultsOfInstallation({ devDependencies, allowScripts }: Project, lock: Lock): string[] {
  const node = `node@${devDependencies['node']}`
  const wishes = Object.entries(lock).flatMap(([path, { hasInstallScript, version }]) =>
    hasInstallScript === true ? [`${path.replace(/^.*node_modules\//, '')}@${version}`] : [],
  )
  const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name])
  return [
    ...(/^node@24\.\d+\.\d+$/.test(node) ? [] : ['devDependencies: node: name one version of Node 24.']),
    ...(allowed.includes(node) ? [] : [`allowScripts: "${node}": true, or its binary is missing.`]),
    ...allowed.filter((name) => name !== node).map((name) => `allowScripts: ${name}: say false, or do without it.`),
    ...wishes.filter((name) => allowScripts[name] === undefined).map((name) => `allowScripts: ${name}: say true or false.`),
  ].map((fault) => `package.json: ${fault}`)
}

function faultsOfScripts({ scripts }: Project): string[] {
  const faults = Object.entries(scripts).flatMap(([name, script]) => {
    const files = [...script.matchAll(/\bnode (?:--\S+ )*([\w./-]+\.ts)/g)].map((match) => match[1] ?? '')
    const others = [...script.matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => match[1] ?? '')
    return [
      ...files.filter((file) => !exists(file)).map((file) => `scripts.${name}: write ${file}, or take the script out.`),
      ...others.filter((other) => scripts[other] === undefined).map((other) => `scripts.${name}: there is no script ${other}.`),
    ]
  })
  const missing = OURS.filter((name) => scripts[name] === undefined).map((name) => `scripts.${name} is missing.`)
  return [...faults, ...missing].map((fault) => `package.json: ${fault}`)
}

function importedIn(...folders: string[]): Set<string> {
  const names = sourcesIn(...folders).flatMap(importsOf).map(({ specifier }) => packageOf(specifier))
  return new Set(names.filter((name) => name !== undefined))
}

const project = JSON.parse(readText('package.json')) as Project
const { packages: lock } = JSON.parse(readText('package-lock.json')) as { packages: Lock }
const { compilerOptions } = JSON.parse(readText('tsconfig.json')) as { compilerOptions: { types: string[] } }

describe('does', () => {
  test('every version is exact', () => {
    expect(looseVersions(project)).toEqual([])
  })

  test('every package is used, named, and stands with those who use it', () => {
    const byCompiler = compilerOptions.types.map((name) => `@types/${name}`)
    const used = { byProduct: importedIn('functions', 'shared'), elsewhere: importedIn('infra', 'test'), byCompiler }
    expect(misplaced(project, lock, used)).toEqual([])
  })

  test('the lock file names no address', () => {
    expect(boundToAnAddress(lock)).toEqual([])
  })

  test('the right Node comes along, and nothing else runs at installation', () => {
    expect(faultsOfInstallation(project, lock)).toEqual([])
  })

  test('every script runs what exists', () => {
    expect(faultsOfScripts(project)).toEqual([])
  })
})

const GOOD: Project = {
  scripts: { start: 'node infra/local/main.ts', test: 'npm run check', check: 'tsc', generate: 'tsc', token: 'tsc' },
  dependencies: { zod: '1.2.3' }, devDependencies: { node: '24.1.0' }, allowScripts: { 'node@24.1.0': true },
}
const USED: Used = { byProduct: new Set(['zod']), elsewhere: new Set(), byCompiler: [] }
const BINARY: Lock = { 'node_modules/node': { version: '24.1.0', hasInstallScript: true, bin: { node: 'bin/node' } } }

describe('refuses', () => {
  test('nothing of what is well', () => {
    expect([...looseVersions(GOOD), ...misplaced(GOOD, BINARY, USED)]).toEqual([])
    expect([...faultsOfInstallation(GOOD, BINARY), ...faultsOfScripts(GOOD)]).toEqual([])
  })

  test.each(['^1.2.3', '~1.2.3', '*', 'latest', '1.2', 'github:a/b'])('the version %s', (version) => {
    expect(looseVersions({ ...GOOD, dependencies: { zod: version } })).toHaveLength(1)
  })

  test.each<[string, Partial<Project>, Partial<Used>]>([
    ['uses idle: take it out', { dependencies: { zod: '1.2.3', idle: '1.2.3' } }, {}],
    ['uses idle: take it out', { devDependencies: { idle: '1.2.3' } }, {}],
    ['uses zod: move it to devDependencies', {}, { byProduct: new Set(), elsewhere: new Set(['zod']) }],
    ['uses node: move it to dependencies', {}, { byProduct: new Set(['zod', 'node']) }],
    ['gax is imported and found only by luck', {}, { elsewhere: new Set(['gax']) }],
  ])('a package list: %s', (fault, change, used) => {
    expect(misplaced({ ...GOOD, ...change }, BINARY, { ...USED, ...used })).toEqual([expect.stringContaining(fault)])
  })

  test('an address in the lock file', () => {
    expect(boundToAnAddress({ 'node_modules/a': { resolved: 'https://registry.example/a.tgz' } })).toHaveLength(1)
  })

  test('install scripts that nobody decided on or that are not of Node, and another Node', () => {
    const nosy: Lock = { 'node_modules/b/node_modules/a': { version: '1.0.0', hasInstallScript: true } }
    expect(faultsOfInstallation(GOOD, { ...BINARY, ...nosy })).toEqual([expect.stringContaining('a@1.0.0: say true or false')])
    const allowed = { ...GOOD, allowScripts: { ...GOOD.allowScripts, 'a@1.0.0': true } }
    expect(faultsOfInstallation(allowed, { ...BINARY, ...nosy })).toEqual([expect.stringContaining('a@1.0.0: say false')])
    expect(faultsOfInstallation({ ...GOOD, devDependencies: { node: '22.1.0' } }, {}).join()).toContain('Node 24')
  })

  test('scripts that lead nowhere', () => {
    const scripts = { ...GOOD.scripts, test: 'npm run lost', check: 'node infra/lost.ts' }
    expect(faultsOfScripts({ ...GOOD, scripts })).toHaveLength(2)
    expect(faultsOfScripts({ ...GOOD, scripts: {} })).toHaveLength(OURS.length)
  })
})
