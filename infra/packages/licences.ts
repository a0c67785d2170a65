/**
 * `npm run licences`: every package that is part of what is deployed, with its licence, as its own package.json says. Fails,
 * naming it, when one has a licence that is not on the list: somebody must look before it is used.
 */
import { readFileSync } from 'node:fs'

/** Licences under which a package may be used in a closed product. */
const MAY = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'Unlicense', 'CC0-1.0', 'Python-2.0']

/** Looked at one by one: what is in them is data, used as it is. */
const LOOKED_AT: Readonly<Record<string, string>> = { 'spdx-exceptions': 'CC-BY-3.0' }

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean; readonly optional?: boolean; readonly link?: boolean }>>
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly license?: string | { readonly type?: string }
  readonly licenses?: ReadonlyArray<{ readonly type?: string }>
}

export interface Licensed {
  readonly name: string
  readonly version: string
  /** As it is written; empty: nowhere. */
  readonly licence: string
}

/** What the lock file holds for production, by what the installed packages say of themselves. Optional ones of other machines are not there. */
export function licensed(lock: Lock, manifestAt: (place: string) => Manifest | undefined): Licensed[] {
  return Object.entries(lock.packages).flatMap(([place, { version = '', dev = false, optional = false }]) => {
    if (place === '' || dev) return []
    const manifest = manifestAt(place)
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
    if (manifest === undefined) return optional ? [] : [{ name, version, licence: '' }]
    return [{ name, version, licence: licenceIn(manifest) }]
  })
}

function licenceIn({ license, licenses = [] }: Manifest): string {
  if (typeof license === 'string') return license
  return license?.type ?? licenses.map(({ type }) => type).filter(Boolean).join(' OR ')
}

export function isRefused({ name, licence }: Licensed): boolean {
  return !mayUse(licence) && LOOKED_AT[name] !== licence
}

/** `(MIT OR GPL-2.0)`: one of them is enough; of `MIT AND ISC` all must be on the list. */
export function mayUse(licence: string): boolean {
  const plain = licence.replaceAll(/[()]/g, ' ').trim()
  if (plain === '') return false
  return plain.split(/\s+OR\s+/).some((choice) => choice.split(/\s+AND\s+/).every((one) => MAY.includes(one.trim())))
}

if (import.meta.main) {
  const root = new URL('../../', import.meta.url)
  const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'))
  const all = licensed(read('package-lock.json') as Lock, (place) => {
    try {
      return read(`${place}/package.json`) as Manifest
    } catch {
      return undefined
    }
  })
  for (const { name, version, licence } of all) process.stdout.write(`${name}@${version}: ${licence || 'no licence'}\n`)
  const refused = all.filter(isRefused)
  for (const { name, version, licence } of refused) process.stderr.write(`${name}@${version} has the licence "${licence}", which is not on the list in infra/packages/licences.ts.\n`)
  const counts = [...Map.groupBy(all, ({ licence }) => licence)].map(([licence, some]) => `${some.length} ${licence}`)
  process.stdout.write(`${all.length} packages: ${counts.join(', ')}\n`)
  process.exitCode = refused.length === 0 ? 0 : 1
}
