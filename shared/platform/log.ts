/**
 * Structured logs with the field names Google Cloud Logging knows.
 *
 * What must never be logged: secrets, tokens, card numbers, names, addresses, e-mail. Callers pass facts by name, and
 * every string still goes through `redact`, so that a value that slipped in is masked, not printed.
 */
import pino from 'pino'
import { iso } from '#values/time.ts'
import { now } from './clock.ts'
import { redact } from './redact.ts'

export type Facts = Record<string, unknown>

const SEVERITY: Record<string, string> = { debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR', fatal: 'CRITICAL' }

const logger = pino({
  messageKey: 'message',
  base: null,
  timestamp: () => `,"time":"${iso(now())}"`,
  formatters: {
    level: (label) => ({ severity: SEVERITY[label] ?? 'DEFAULT' }),
    log: (facts) => redact(facts) as Facts,
  },
})

function write(level: 'info' | 'warn' | 'error', message: string, facts: Facts): void {
  logger[level](facts, String(redact(message)))
}

export const log = {
  info: (message: string, facts: Facts = {}): void => write('info', message, facts),
  warn: (message: string, facts: Facts = {}): void => write('warn', message, facts),
  /** An error with its stack, so that Error Reporting groups it. */
  error: (message: string, error: unknown, facts: Facts = {}): void =>
    write('error', message, { ...facts, stack_trace: error instanceof Error ? error.stack : String(error) }),
}
