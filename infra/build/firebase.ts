/**
 * firebase.json, made from the declarations: which path of the shop's address leads to which function.
 *
 * The first rewrite that matches wins, so a literal segment must come before a parameter in the same place
 * (`/api/memberships/tiers` before `/api/memberships/*`), or the literal route could never be reached.
 */
import type { Declaration } from '../../shared/entry/declaration.ts'

export const REGION = 'us-central1'

export interface Rewrite {
  readonly source: string
  readonly run: { readonly serviceId: string; readonly region: string }
}

export interface HeaderRule {
  readonly source: string
  readonly headers: ReadonlyArray<{ readonly key: string; readonly value: string }>
}

export interface FirebaseJson {
  readonly hosting: {
    readonly public: string
    readonly ignore: readonly string[]
    readonly rewrites: readonly Rewrite[]
    readonly headers: readonly HeaderRule[]
  }
}

/** A function that sets one of these itself is not overruled. */
const SECURITY_HEADERS = [
  { key: 'Strict-Transport-Security', value: 'max-age=63072000; includeSubDomains; preload' },
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
  { key: 'Content-Security-Policy', value: "frame-ancestors 'none'" },
]

/** Anybody may read what the shop can be asked, from a page anywhere. */
const DOCUMENT_HEADERS = [
  { key: 'Access-Control-Allow-Origin', value: '*' },
  { key: 'Cache-Control', value: 'public, max-age=300' },
]

export function firebaseJson(declarations: readonly Declaration[]): FirebaseJson {
  const rewrites = declarations.flatMap((declaration): Rewrite[] => {
    if (declaration.kind !== 'endpoint' && declaration.kind !== 'webhook') return []
    return [{ source: globOf(declaration.path), run: { serviceId: declaration.name, region: REGION } }]
  })
  return {
    hosting: {
      public: 'infra/hosting',
      ignore: ['firebase.json', '**/.*', '**/node_modules/**'],
      rewrites: rewrites.sort((one, other) => mostSpecificFirst(one.source, other.source)),
      headers: [{ source: '**', headers: SECURITY_HEADERS }, { source: '/openapi.json', headers: DOCUMENT_HEADERS }],
    },
  }
}

function globOf(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '*' : segment))
    .join('/')
}

/** Segment by segment: a literal before a parameter; otherwise by the alphabet, so that the file is stable. */
function mostSpecificFirst(one: string, other: string): number {
  const left = one.split('/')
  const right = other.split('/')
  for (let place = 0; place < Math.min(left.length, right.length); place += 1) {
    const [a, b] = [left[place] ?? '', right[place] ?? '']
    if (a === b) continue
    if (a === '*') return 1
    if (b === '*') return -1
    return a < b ? -1 : 1
  }
  return left.length - right.length
}
