/**
 * Writes every generated file, or with `--check` only compares: a stale one is named and the exit code is 1.
 * What is generated is never edited by hand, so a difference always means that the declarations moved on.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { clientText } from './client.ts'
import { loadDeclarations } from './functions-module.ts'
import { readExamples } from './examples.ts'
import { firebaseJson } from './firebase.ts'
import { googleJson } from './google.ts'
import { openApi } from './openapi.ts'
import { runbookPage } from './runbook.ts'
import type { Declaration } from '../../shared/entry/declaration.ts'

interface GeneratedFile {
  /** Relative to the root of the project. */
  readonly path: string
  readonly text: (declarations: readonly Declaration[]) => string | Promise<string>
}

/** Of the interface. It grows with what callers must know of. */
const VERSION = '1.0.0'

const FILES: readonly GeneratedFile[] = [
  { path: 'firebase.json', text: (declarations) => `${JSON.stringify(firebaseJson(declarations), null, 2)}\n` },
  { path: 'infra/google/generated.json', text: googleJson },
  { path: 'infra/hosting/openapi.json', text: (declarations) => `${JSON.stringify(openApi(declarations, readExamples(), VERSION), null, 1)}\n` },
  { path: 'infra/runbook/functions.md', text: runbookPage },
  { path: 'infra/client/countinghouse.ts', text: (declarations) => clientText(openApi(declarations, {}, VERSION)) },
]

const root = new URL('../../', import.meta.url)
const onlyCheck = process.argv.includes('--check')
const declarations = await loadDeclarations()
for (const file of FILES) {
  const address = new URL(file.path, root)
  const text = await file.text(declarations)
  if (textOf(address) === text) continue
  if (onlyCheck) {
    process.stderr.write(`${file.path} is stale: run "npm run generate" and commit it.\n`)
    process.exitCode = 1
  } else {
    writeFileSync(address, text)
    process.stdout.write(`${file.path} written\n`)
  }
}

function textOf(address: URL): string | undefined {
  try {
    return readFileSync(address, 'utf8')
  } catch {
    return undefined
  }
}
