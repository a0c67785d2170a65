/**
 * Of a description of messages (as protobufjs keeps it in JSON) only what some calls of one service can send and receive:
 * every message of it is made ready before the first call, needed or not.
 */
interface Part {
  nested?: Record<string, Part>
  readonly values?: Readonly<Record<string, number>>
  readonly fields?: Readonly<Record<string, { readonly type: string }>>
  readonly methods?: Record<string, { readonly requestType: string; readonly responseType: string }>
}

/** @throws Error when the service or one of the calls is not described */
export function onlyCalls(root: Part, service: string, calls: readonly string[]): Part {
  const path = service.split('.')
  const described = at(root, path)
  const methods = Object.fromEntries(calls.map((call) => [call, described?.methods?.[call]]))
  const missing = calls.filter((call) => methods[call] === undefined)
  if (missing.length > 0) throw new Error(`${service} has no ${missing.join(', ')} any more.`)
  const kept = new Set([service])
  for (const method of Object.values(methods)) {
    keep(root, path.slice(0, -1), method?.requestType ?? '', kept)
    keep(root, path.slice(0, -1), method?.responseType ?? '', kept)
  }
  const lean = without(root, [], kept) ?? {}
  Object.assign(at(lean, path) ?? {}, { methods })
  return lean
}

/** Keeps a type and whatever its fields are made of. */
function keep(root: Part, scope: readonly string[], type: string, kept: Set<string>): void {
  const path = found(root, scope, type)
  if (path === undefined || kept.has(path.join('.'))) return
  kept.add(path.join('.'))
  for (const field of Object.values(at(root, path)?.fields ?? {})) keep(root, path, field.type, kept)
}

/** A name is looked for from the innermost place outwards; one that is nowhere is a plain type. */
function found(root: Part, scope: readonly string[], type: string): readonly string[] | undefined {
  const name = type.replace(/^\./, '').split('.')
  for (let depth = type.startsWith('.') ? 0 : scope.length; depth >= 0; depth -= 1) {
    const path = [...scope.slice(0, depth), ...name]
    if (at(root, path) !== undefined) return path
  }
  return undefined
}

function at(root: Part, path: readonly string[]): Part | undefined {
  return path.reduce<Part | undefined>((part, name) => part?.nested?.[name], root)
}

/** What is kept, and what holds something that is kept. */
function without(part: Part, path: readonly string[], kept: ReadonlySet<string>): Part | undefined {
  const nested = Object.entries(part.nested ?? {}).flatMap(([name, inner]) => {
    const lean = without(inner, [...path, name], kept)
    return lean === undefined ? [] : [[name, lean] as const]
  })
  if (nested.length === 0 && !kept.has(path.join('.'))) return undefined
  const { nested: _, ...own } = part
  return nested.length === 0 ? own : { ...own, nested: Object.fromEntries(nested) }
}
