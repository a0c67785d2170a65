/** Files that Firebase Hosting serves by itself, before any rewrite: what lies in its `public` folder. */
import { readFileSync } from 'node:fs'

export interface HostedFile {
  readonly body: Buffer
  readonly type: string
}

const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json; charset=utf-8', txt: 'text/plain; charset=utf-8', html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8', svg: 'image/svg+xml', ico: 'image/x-icon', png: 'image/png',
}
/** Names as files have them: no way out of the folder, nothing hidden. */
const NAME = /^(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/

/** @param folder address of the folder, with a slash at its end */
export function hostedFiles(folder: URL): (path: string) => HostedFile | undefined {
  return (path) => {
    if (!NAME.test(path)) return undefined
    const type = TYPES[path.slice(path.lastIndexOf('.') + 1)]
    if (type === undefined) return undefined
    try {
      return { body: readFileSync(new URL(`.${path}`, folder)), type }
    } catch {
      return undefined
    }
  }
}
