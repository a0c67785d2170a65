/** Which codes an operation can answer with: those that follow from its declaration, and those of its own work. */
import { FAILURES, type FailureCode } from '../../shared/values/failure.ts'
import { parametersOf, type Operation } from './operations.ts'

export const FAILURE_CODES = Object.keys(FAILURES) as FailureCode[]

/** Whoever may come again, and when, is told so with these. */
export const WITH_RETRY_AFTER: readonly FailureCode[] = ['RATE_LIMITED', 'SERVICE_UNAVAILABLE', 'GATEWAY_TIMEOUT']

export function failuresOf({ method, declaration: { path }, route }: Operation): FailureCode[] {
  const writes = method !== 'GET'
  const can: Record<FailureCode, boolean> = {
    INVALID_INPUT: true,
    UNAUTHORIZED: true,
    PAYMENT_DECLINED: false,
    // Whoever may only read changes nothing, also where no role is needed.
    FORBIDDEN: writes || route.who !== 'public',
    AGE_VERIFICATION_REQUIRED: false,
    NOT_FOUND: parametersOf(path).length > 0,
    CONFLICT: writes,
    OUT_OF_STOCK: false,
    PRICE_CHANGED: false,
    PAYLOAD_TOO_LARGE: writes,
    IDEMPOTENCY_MISMATCH: route.idempotent,
    RATE_LIMITED: path.startsWith('/api'),
    DATABASE_ERROR: true,
    INTERNAL_ERROR: true,
    SERVICE_UNAVAILABLE: true,
    GATEWAY_TIMEOUT: true,
  }
  return FAILURE_CODES.filter((code) => can[code] || route.fails?.includes(code) === true)
}
