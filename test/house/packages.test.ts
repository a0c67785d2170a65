/**
 * What the project is made of: exact versions, each used, none bound to one machine's registry, and commands that exist.
 */
import { describe, expect, test } from 'vitest'
import { exists, importsOf, packageOf, readText, sourcesIn } from './source.ts'

interface Package {
  readonly scripts: Record<string, string>
  readonly dependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
  readonly allowScripts: Record<string, boolean>
}

interface Lock {
  readonly packages: Record<string, { readonly resolved?: string; readonly version?: string; readonly hasInstallScript?: boolean; readonly bin?: Record<string, string> }>
}

const project = JSON.parse(readText('package.json')) as Package
const lock = JSON.parse(readText('package-lock.json')) as Lock
const compilerTypes = (JSON.parse(readText('tsconfig.json')) as { compilerOptions: { types: string[] } }).compilerOptions.types

function namesImportedIn(...folders: string[]): Set<string> {
  const imports = sourcesIn(...folders).flatMap(importsOf)
  return new Set(imports.map(({ specifier }) => packageOf(specifier) ?? ''))
}

/** Commands that a package brings and a script calls. */
function isCalled(name: string): boolean {
  const commands = Object.keys(lock.packages[`node_modules/${name}`]?.bin ?? {})
  const words = Object.values(project.scripts).flatMap((script) => script.split(/\s+/))
  return commands.some((command) => words.includes(command))
}

function isForTypes(name: string): boolean {
  return name.startsWith('@types/') && compilerTypes.includes(name.slice('@types/'.length))
}

describe('does', () => {
  test('every version is exact', () => {
    const loose = Object.entries({ ...project.dependencies, ...project.devDependencies }).filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    expect(loose.map(([name, version]) => `package.json: ${name} ${version}: pin one version, as 1.2.3.`)).toEqual([])
  })

  test('what the product needs is used by the product, and the rest by infra, tests or scripts', () => {
    const inProduct = namesImportedIn('functions', 'shared')
    const elsewhere = namesImportedIn('infra', 'test')
    const unused = [
      ...Object.keys(project.dependencies).filter((name) => !inProduct.has(name)).map((name) => `dependencies: ${name} is used by no product code: ${elsewhere.has(name) ? 'move it to devDependencies' : 'take it out'}.`),
      ...Object.keys(project.devDependencies).filter((name) => !elsewhere.has(name) && !isCalled(name) && !isForTypes(name)).map((name) => `devDependencies: ${name} is used by nothing: take it out.`),
      ...Object.keys(project.devDependencies).filter((name) => inProduct.has(name)).map((name) => `devDependencies: ${name} is used by the product: move it to dependencies.`),
    ]
    expect(unused.map((fault) => `package.json: ${fault}`)).toEqual([])
  })

  test('every package that is imported is named here, not found by luck', () => {
    const named = new Set([...Object.keys(project.dependencies), ...Object.keys(project.devDependencies), ''])
    const lucky = [...namesImportedIn('functions', 'shared', 'infra', 'test')].filter((name) => !named.has(name) && !name.startsWith('#'))
    expect(lucky.map((name) => `package.json: ${name} is imported and not named: add it with its version.`)).toEqual([])
  })

  test('the lock file names no address: every machine asks its own registry', () => {
    const bound = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined)
    expect(bound.map(([name]) => `package-lock.json: ${name}: take out "resolved" (npm install --omit-lockfile-registry-resolved).`)).toEqual([])
  })

  test('the right Node comes along, and only it may run something when it is installed', () => {
    expect(project.devDependencies['node']).toMatch(/^24\.\d+\.\d+$/)
    expect(project.allowScripts[`node@${project.devDependencies['node']}`]).toBe(true)
    const undecided = Object.entries(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path, { version }]) => `${path.slice('node_modules/'.length)}@${version}`)
      .filter((name) => project.allowScripts[name] === undefined)
    expect(undecided.map((name) => `package.json: allowScripts: say true or false for ${name}.`)).toEqual([])
    expect(Object.keys(project.allowScripts).filter((name) => project.allowScripts[name])).toEqual([`node@${project.devDependencies['node']}`])
  })

  test('every script runs a file that exists', () => {
    const files = Object.entries(project.scripts).flatMap(([name, script]) => [...script.matchAll(/\bnode (?:--\S+ )*([\w./-]+\.ts)/g)].map((match) => ({ name, file: match[1] ?? '' })))
    expect(files.length).toBeGreaterThan(0)
    const lost = files.filter(({ file }) => !exists(file))
    expect(lost.map(({ name, file }) => `package.json: scripts.${name}: ${file} does not exist; write it or take the script out.`)).toEqual([])
    expect(Object.keys(project.scripts)).toEqual(expect.arrayContaining(['start', 'test', 'check', 'generate', 'token']))
    const called = Object.entries(project.scripts).flatMap(([name, script]) => [...script.matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => ({ name, wanted: match[1] ?? '' })))
    expect(called.filter(({ wanted }) => project.scripts[wanted] === undefined)).toEqual([])
  })
})
