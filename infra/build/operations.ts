/**
 * Everything that can be asked over HTTP, one operation for each route, and its name.
 *
 * An operation is named like its function. Where one function has two routes it names both, reading and writing: of
 * `store-or-list-cards` the one is `storeCard`, the other `listCards`.
 */
import { METHODS, type Declaration, type EndpointDeclaration, type Method, type RouteDeclaration } from '../../shared/entry/declaration.ts'

export interface Operation {
  readonly id: string
  readonly method: Method
  readonly declaration: EndpointDeclaration
  readonly route: RouteDeclaration
}

const READS = ['list', 'show', 'get', 'find', 'search']

export function operationsOf(declarations: readonly Declaration[]): Operation[] {
  const operations = declarations.flatMap((declaration) => (declaration.kind === 'endpoint' ? routesOf(declaration) : []))
  const ids = operations.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) throw new Error(`Two operations are called "${twice}": give their functions other names.`)
  return operations.sort((one, other) => compared(one.declaration.path, other.declaration.path) || METHODS.indexOf(one.method) - METHODS.indexOf(other.method))
}

function compared(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}

function routesOf(declaration: EndpointDeclaration): Operation[] {
  const methods = METHODS.filter((method) => declaration.routes[method] !== undefined)
  return methods.flatMap((method) => {
    const route = declaration.routes[method]
    return route === undefined ? [] : [{ id: nameOf(declaration.name, method, methods), method, declaration, route }]
  })
}

function nameOf(name: string, method: Method, methods: readonly Method[]): string {
  const [, first = '', second = '', object = ''] = /^([a-z]+)-or-([a-z]+)-(.+)$/.exec(name) ?? []
  if (first === '') return methods.length === 1 || method !== 'GET' ? camel(name) : camel(`show-${name}`)
  const verbs = [first, second]
  const reading = verbs.find((verb) => READS.includes(verb))
  const verb = method === 'GET' ? reading : verbs.filter((one) => one !== reading)[methods.filter((one) => one !== 'GET').indexOf(method)]
  if (verb === undefined) return camel(`${method.toLowerCase()}-${name}`)
  return camel(`${verb}-${verb === 'list' ? object : object.replace(/s$/, '')}`)
}

function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** Names of the parameters in a path. */
export function parametersOf(path: string): string[] {
  return [...path.matchAll(/:([A-Za-z0-9]+)/g)].map(([, name]) => name ?? '')
}
