/**
 * Structured logs with the field names Google Cloud Logging knows.
 *
 * What must never be logged: secrets, tokens, card numbers, names, addresses, e-mail. Callers pass facts by name, and
 * every string still goes through `redact`, so that a value that slipped in is masked, not printed. What the functions
 * framework prints by itself comes here too: it would print the whole body of a request that it could not read.
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

export type Level = 'info' | 'warn' | 'error' | 'fatal'

function write(level: Level, message: string, facts: Facts): void {
  logger[level](facts, String(redact(message)))
}

export const log = {
  info: (message: string, facts: Facts = {}): void => write('info', message, facts),
  warn: (message: string, facts: Facts = {}): void => write('warn', message, facts),
  /** What is told is no error of ours, however grave it is. */
  at: (level: Level, message: string, facts: Facts = {}): void => write(level, message, facts),
  /** An error with its stack and its causes', so that Error Reporting groups it. */
  error: (message: string, error: unknown, facts: Facts = {}): void =>
    write('error', message, { ...facts, stack_trace: traceOf(error) }),
}

const CAUSES_MAX = 5

function traceOf(error: unknown, causes = 0): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : String(JSON.stringify(redact(error)))
  const trace = error.stack ?? String(error)
  if (error.cause === undefined || causes === CAUSES_MAX) return trace
  return `${trace}\nCaused by: ${traceOf(error.cause, causes + 1)}`
}

/** An error of the framework's about a request that never reached us: its text quotes the body. */
interface BadRequest {
  readonly status: number
  readonly type?: string
}

function isBadRequest(error: unknown): error is BadRequest {
  const { status } = (error ?? {}) as { status?: unknown }
  return error instanceof Error && typeof status === 'number' && status >= 400 && status < 500
}

console.error = (error: unknown, ...more: unknown[]): void => {
  if (isBadRequest(error)) log.info('a request could not be read', { status: error.status, why: error.type })
  else log.error('printed by the framework', error, { more })
}
