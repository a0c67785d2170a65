/**
 * `npm run deploy -- --project P [--dry-run] [--upload-only] [--region R]`: gives each function whose bundle changed its
 * new one, ten at a time. `--dry-run` only says which; `--upload-only` puts all bundles where Terraform finds them for
 * functions that do not exist yet. Signed in by `gcloud auth application-default login`, or GOOGLE_OAUTH_ACCESS_TOKEN.
 */
import { builtBundles, commitNow, readCommand, report, run, say } from './command.ts'
import { deploy, planOf, shortOf, upload } from './deploy.ts'

await run(async () => {
  const { google, directory, isDryRun, isUploadOnly } = readCommand('npm run deploy -- --project P [--dry-run] [--upload-only]')
  const wanted = await builtBundles(directory)
  if (isUploadOnly) {
    await upload(google, wanted)
    return say(`${wanted.length} bundles lie in gs://${google.options.bucket}`)
  }
  const { changed, unchanged, missing, unknown } = planOf(wanted, await google.functions())
  for (const { name, from, to } of changed) say(`change ${name}: ${shortOf(from)} -> ${shortOf(to)}`)
  for (const name of missing) say(`missing ${name}: terraform apply makes it`)
  for (const name of unknown) say(`unknown ${name}: not in functions/index.ts; terraform apply removes it`)
  say(`${changed.length} to change, ${unchanged.length} unchanged, ${missing.length} missing`)
  if (!isDryRun) report(await deploy(google, wanted, { commit: await commitNow(), nowMs: Date.now() }, say), 'deployed')
})
