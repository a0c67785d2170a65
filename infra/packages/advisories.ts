/**
 * `npm run advisories`: what the registry knows against the packages that are deployed, by `npm audit`. Fails on what is high
 * or critical. Where the registry cannot be asked it says so and does not fail: that is news of the network, not of us.
 */
import { execFile } from 'node:child_process'

interface Report {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range?: string; readonly via?: ReadonlyArray<string | { readonly title?: string; readonly url?: string }> }>>
}

const GRAVE = ['high', 'critical']

export interface Finding {
  readonly name: string
  readonly severity: string
  readonly about: string
}

/** @returns undefined when the answer is none: the registry was not reached, or does not keep advisories */
export function findingsIn(text: string): Finding[] | undefined {
  const report = parsed(text)
  if (report?.vulnerabilities === undefined) return undefined
  return Object.entries(report.vulnerabilities).map(([name, { severity, via = [] }]) => {
    const about = via.map((one) => (typeof one === 'string' ? `by ${one}` : [one.title, one.url].filter(Boolean).join(' '))).join('; ')
    return { name, severity, about }
  })
}

function parsed(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report
  } catch {
    return undefined
  }
}

export function isGrave({ severity }: Finding): boolean {
  return GRAVE.includes(severity)
}

if (import.meta.main) {
  const text = await new Promise<string>((resolve) => {
    execFile('npm', ['audit', '--omit=dev', '--json'], { timeout: 60_000, maxBuffer: 32 << 20 }, (_error, stdout) => resolve(stdout))
  })
  const findings = findingsIn(text)
  if (findings === undefined) process.stdout.write('The registry could not be asked for advisories: nothing is known, and nothing is refused.\n')
  for (const { name, severity, about } of findings ?? []) process.stdout.write(`${severity}: ${name}: ${about}\n`)
  if (findings?.length === 0) process.stdout.write('Nothing is known against any package that is deployed.\n')
  process.exitCode = findings?.some(isGrave) === true ? 1 : 0
}
