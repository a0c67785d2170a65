/** The refusals of the Firestore server: a gRPC code and the sentence Google's service says. */
import { status } from '@grpc/grpc-js'
import { GrpcFailure } from '../grpc-ports.ts'

export function invalid(message: string): GrpcFailure {
  return new GrpcFailure(status.INVALID_ARGUMENT, message)
}

export function precondition(message: string): GrpcFailure {
  return new GrpcFailure(status.FAILED_PRECONDITION, message)
}

export function notFound(message: string): GrpcFailure {
  return new GrpcFailure(status.NOT_FOUND, message)
}

export function alreadyExists(message: string): GrpcFailure {
  return new GrpcFailure(status.ALREADY_EXISTS, message)
}

/** A deadlock was found, and this transaction was chosen to give way. */
export function crossContention(): GrpcFailure {
  return new GrpcFailure(
    status.ABORTED,
    'Aborted due to cross-transaction contention. This occurs when multiple transactions attempt to access the same data, '
      + 'requiring Firestore to abort at least one in order to enforce serializability.',
  )
}

/** A lock did not come free in time. */
export function tooMuchContention(): GrpcFailure {
  return new GrpcFailure(status.ABORTED, 'Too much contention on these documents. Please try again.')
}

export function transactionGone(): GrpcFailure {
  return invalid('The referenced transaction has expired or is no longer valid.')
}

export function cancelled(): GrpcFailure {
  return new GrpcFailure(status.CANCELLED, 'The caller gave the call up.')
}
