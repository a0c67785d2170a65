/**
 * The lock file of a bundle: of the project's own, what one package needs. Without it the place where a function is built
 * would take whatever is newest below the framework.
 */
export interface Locked {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export type Lock = Readonly<Record<string, Locked>>

/** Everything that `name` needs, as it is installed here. */
export function lockedFor(name: string, lock: Lock): Lock {
  const kept = new Map<string, Locked>()
  const keep = (path: string | undefined): void => {
    const locked = path === undefined ? undefined : lock[path]
    if (path === undefined || locked === undefined || kept.has(path)) return
    kept.set(path, locked)
    for (const needed of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })) keep(placeOf(needed, path, lock))
  }
  keep(`node_modules/${name}`)
  return Object.fromEntries([...kept].sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** As Node looks for a package: in the own folder first, then further and further out. */
function placeOf(name: string, from: string, lock: Lock): string | undefined {
  for (let place = from; ; place = place.slice(0, Math.max(place.lastIndexOf('/node_modules/'), 0))) {
    const path = place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`
    if (lock[path] !== undefined) return path
    if (place === '') return undefined
  }
}
