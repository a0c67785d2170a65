/**
 * The runbook agrees with what can wake somebody: every alert has its page and every page its alert, links lead somewhere, and
 * the commands on the pages call what exists, with bodies that it takes.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { METHODS, type Declaration, type Method, type RouteDeclaration } from '#entry/declaration.ts'
import { declarationsOf } from '../../../infra/build/declarations.ts'
import { textsIn, readBlocks } from '../../../infra/google/configuration.ts'
import { exists, pathsIn, readText, sourcesIn, type Source } from '../../house/source.ts'

const FOLDER = 'infra/runbook'
const SECTIONS = ['## What it means', '## What the business loses', '## What to do']

let declarations: Declaration[] = []

beforeAll(async () => {
  declarations = declarationsOf(await import('#functions'))
})

const pages = (under: string): string[] => pathsIn(`${FOLDER}/${under}`).map((path) => path.slice(`${FOLDER}/${under}/`.length))
const all = (): string[] => pathsIn(FOLDER).filter((path) => path.endsWith('.md'))

const SPEAKS_OF_ALERTS = /\bAlert(?:Change)?\b|\braiseAlert\b|\bresolveAlert\b|\bsayAlerts\b/
const KEY = /[`'"]([a-z][a-z-]*(?:\/[a-z][a-z-]*)*)(\/\$\{[^}]+\})?[`'"]/g

/** Pages by the keys of the alerts that code makes: `breaker/${vendor}` is told of in `breaker.md`, `mail/backlog` in `mail-backlog.md`. */
function pagesFor(sources: readonly Source[]): Set<string> {
  const keys = sources.filter(({ code }) => SPEAKS_OF_ALERTS.test(code)).flatMap(({ code }) => [...code.matchAll(KEY)].filter(([, fixed = '', free]) => free !== undefined || fixed.includes('/')))
  return new Set(keys.map(([, fixed = '']) => `${fixed.replaceAll('/', '-')}.md`))
}

interface Command {
  readonly page: string
  readonly method: string
  readonly path: string
  readonly body: string | undefined
}

const CURL = /curl (?:[^\n`]|\\\n)+/g

function commandsIn(page: string): Command[] {
  return [...readText(page).matchAll(CURL)].flatMap(([text]) => {
    const path = /"\$SHOP([^"?]+)/.exec(text)?.[1]
    const body = /-d '([^']+)'/.exec(text)?.[1]
    return path === undefined ? [] : [{ page, method: /-X ([A-Z]+)/.exec(text)?.[1] ?? 'GET', path, body }]
  })
}

function routeOf({ method, path }: Command): RouteDeclaration | undefined {
  const owner = declarations
    .flatMap((one) => (one.kind === 'endpoint' ? [one] : []))
    .filter((one) => new RegExp(`^${one.path.replaceAll(/:[^/]+/g, '[^/]+')}$`).test(path))
    .sort((one, other) => one.path.split(':').length - other.path.split(':').length)[0]
  return METHODS.includes(method as Method) ? owner?.routes[method as Method] : undefined
}

describe('does', () => {
  test('every alert of the shop has its page, and every page is about an alert', () => {
    expect([...pagesFor(sourcesIn('shared', 'functions'))].sort()).toEqual(pages('alerts'))
  })

  test('every page says what it means, what the business loses and what to do', () => {
    for (const folder of ['alerts', 'platform']) {
      for (const page of pages(folder)) expect([page, SECTIONS.filter((title) => !readText(`${FOLDER}/${folder}/${page}`).includes(title))]).toEqual([page, []])
    }
  })

  test('every alert that Terraform makes leads to a page, and every page of the platform is led to', async () => {
    const policies = (await readBlocks()).filter(({ type }) => type === 'google_monitoring_alert_policy')
    const led = policies.map(({ body, name }) => [name, /runbook_url\}\/([\w/-]+\.md)/.exec(textsIn(body).map(({ text }) => text).join('\n'))?.[1] ?? ''] as const)
    expect(led.filter(([, page]) => !exists(`${FOLDER}/${page}`) || page === '')).toEqual([])
    expect(pages('platform').filter((page) => !led.some(([, to]) => to === `platform/${page}`))).toEqual([])
  })

  test('every function has its section, by which its alert names it', () => {
    const page = readText(`${FOLDER}/functions.md`)
    for (const { name, impact } of declarations) {
      expect(page).toContain(`\n## ${name}\n`)
      expect(page).toContain(impact)
    }
  })

  test('every link leads to a page, and every page is led to', () => {
    const links = all().flatMap((page) => [...readText(page).matchAll(/\]\((?!https?:)([^)#]*)(#[^)]*)?\)/g)].map(([, to = '', anchor]) => (
      { page, to: new URL(to === '' ? (page.split('/').at(-1) ?? '') : to, `file:///${page}`).pathname.slice(1), anchor }
    )))
    expect(links.filter(({ to }) => !exists(to)).map(({ page, to }) => `${page} -> ${to}`)).toEqual([])
    const anchored = links.filter(({ to, anchor }) => anchor !== undefined && !readText(to).includes(`## ${anchor.slice(1)}`))
    expect(anchored.map(({ page, to, anchor }) => `${page} -> ${to}${anchor}`)).toEqual([])
    expect(all().filter((page) => page !== `${FOLDER}/README.md` && !links.some(({ to }) => to === page))).toEqual([])
  })

  test('every command calls what exists, with a body that it takes', () => {
    const commands = all().flatMap(commandsIn)
    expect(commands.length).toBeGreaterThan(30)
    const faults = commands.flatMap((command) => {
      const { page, method, path, body } = command
      const route = routeOf(command)
      if (route === undefined) return [`${page}: ${method} ${path} does not exist.`]
      const parsed = body === undefined || route.body === undefined ? undefined : route.body.safeParse(JSON.parse(body))
      return parsed?.success === false ? [`${page}: ${method} ${path}: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`] : []
    })
    expect(faults).toEqual([])
  })

  test('every job and function that a command names exists', () => {
    const names = declarations.map(({ name }) => name)
    const named = all().flatMap((page) => [...readText(page).matchAll(/scheduler jobs (?:run|describe) ([a-z][a-z-]+)/g)].map(([, job = '']) => job))
    expect([...new Set(named)].filter((job) => !names.includes(job) && job !== 'export-firestore')).toEqual([])
  })
})

describe('refuses', () => {
  const source = (code: string): Source => ({ path: 'shared/domain/a.ts', text: code, code, bare: code })

  test('an alert without a page, wherever its key is made', () => {
    expect([...pagesFor([source("const raise: Alert = { key: `till/${id}` }\nraiseAlert(unit, { key: 'till/late' })")])]).toEqual(['till.md', 'till-late.md'])
  })

  test('to take for a key what is none', () => {
    expect([...pagesFor([source("import type { Alert } from '#domain/alert.ts'\nimport a from './b/c.ts'\nconst plain = 'till'")])]).toEqual([])
    expect([...pagesFor([source("const type = 'text/html'")])]).toEqual([])
  })
})
