/** The runbook's page about functions, made from their declarations: what each failure means and what the business loses by it. */
import type { Declaration } from '../../shared/entry/declaration.ts'
import { failuresMaxOf, severityOf } from './alarms.ts'
import { placesOf } from './contents.ts'

const WHAT_TO_DO: Readonly<Record<Declaration['kind'], string>> = {
  endpoint: '[when an endpoint fails](when-an-endpoint-fails.md)',
  webhook: '[when a webhook fails](when-an-endpoint-fails.md)',
  message: '[when a message function fails](when-a-message-fails.md)',
  schedule: '[when a scheduled function fails](when-a-schedule-fails.md)',
}

export function runbookPage(declarations: readonly Declaration[]): string {
  const places = placesOf(declarations)
  const areas = Map.groupBy(declarations, ({ name }) => places.get(name)?.area ?? '')
  const chapters = [...areas].sort(([one], [other]) => (one < other ? -1 : 1)).map(([area, own]) => `# Area: ${area}\n\n${[...own].sort(byName).map(section).join('\n')}`)
  return [
    '<!-- Written by "npm run generate" from the declarations of the functions; do not edit. -->',
    '# What it means when a function fails\n',
    'Cloud Run counts an answer of 5xx as a failure; the alert of each function is raised when there are more of them in five minutes than stands here.',
    'Callers were told to try again, messages and jobs come again by themselves.\n',
    chapters.join('\n'),
  ].join('\n')
}

function section(declaration: Declaration): string {
  const { name, kind, impact } = declaration
  const failures = failuresMaxOf(declaration)
  return [
    `## ${name}\n`,
    `- **${severityOf(declaration).toUpperCase()}**, ${calledBy(declaration)}; alert at ${failures === 0 ? 'the first failure' : `more than ${failures} failures`} in 5 minutes.`,
    `- **The business loses:** ${impact}`,
    `- **What to do:** ${WHAT_TO_DO[kind]}, with \`${name}\` for FUNCTION.\n`,
  ].join('\n')
}

function calledBy(declaration: Declaration): string {
  switch (declaration.kind) {
    case 'endpoint': return Object.keys(declaration.routes).map((method) => `\`${method} ${declaration.path}\``).join(', ')
    case 'webhook': return `called by ${declaration.vendor} at \`${declaration.path}\``
    case 'message': return `called for messages of \`${declaration.topic}\``
    case 'schedule': return `called by the clock, \`${declaration.cron}\` ${declaration.timeZone ?? 'UTC'}`
  }
}

function byName({ name: one }: Declaration, { name: other }: Declaration): number {
  return one < other ? -1 : 1
}
