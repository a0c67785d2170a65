/**
 * What the Google clients carry and this product never calls: left out of the bundles, or every cold start would read,
 * compile and run it. Measured: it is more than half of the bytes and a third of the time to the first answer.
 *
 * What stands in its place does nothing that could go unseen: whoever calls it gets a TypeError, and every bundle is
 * called by a test. A client whose text is no longer as it is known here fails the build, so that its next version is looked at.
 */
import { readFile } from 'node:fs/promises'
import type { Plugin } from 'esbuild'
import { onlyCalls } from './messages.ts'

interface LeftOut {
  /** The end of the file's path. */
  readonly file: string
  readonly text: (text: string) => string
}

/** Gives the place of a client that is constructed with every other one, and asked nothing. */
const idleClass = (name: string) => `exports.${name} = class { initialize() { return Promise.resolve() } close() { return Promise.resolve() } }`

const LEFT_OUT: readonly LeftOut[] = [
  // Classes for each message, beside the JSON from which the clients make their own: only for whoever builds messages by hand.
  { file: '@google-cloud/firestore-api/build/protos/protos.js', text: () => 'exports.google = { firestore: { v1: {} } }' },
  { file: '@google-cloud/pubsub-api/build/protos/protos.js', text: () => '' },
  { file: '@google-cloud/pubsub/build/protos/protos.js', text: () => '' },
  ...['iam_service', 'locations', 'operations'].map((name) => ({ file: `google-gax/build/protos/${name}.js`, text: () => '' })),
  // Administration: databases, indexes, backups, places, permissions. Infrastructure does that, no function.
  { file: '@google-cloud/firestore-api/build/src/v1/firestore_admin_client.js', text: () => idleClass('FirestoreAdminClient') },
  { file: 'google-gax/build/src/locationService.js', text: () => idleClass('LocationsClient') },
  { file: 'google-gax/build/src/iamService.js', text: () => idleClass('IamClient') },
  { file: '@google-cloud/firestore-api/build/protos/protos.json', text: onlyStore },
  // REST instead of gRPC. What of it gRPC uses too (settings, errors) is the same in the main half.
  { file: 'google-gax/build/src/fallback.js', text: () => "module.exports = require('./index.js')" },
  // Descriptors of every message, for servers that tell what they can do.
  { file: '@grpc/proto-loader/build/src/index.js', text: withoutDescriptors },
  { file: 'protobufjs/ext/descriptor/index.js', text: () => '' },
  // Looks through every hash that this machine knows, to hash one text.
  { file: 'object-hash/index.js', text: () => "module.exports = (text) => require('node:crypto').createHash('sha1').update(text).digest('hex')" },
  // Logs are written by the instance itself: no thread of their own.
  { file: 'thread-stream/index.js', text: () => 'module.exports = class {}' },
  // Error texts in fifty languages.
  { file: 'zod/v4/locales/index.js', text: () => "export { default as en } from './en.js'" },
]

export const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    const names = LEFT_OUT.map(({ file }) => file.replaceAll(/[.]/g, '\\$&').replaceAll('/', '[\\\\/]'))
    build.onLoad({ filter: new RegExp(`(?:${names.join('|')})$`) }, async ({ path }) => {
      const found = LEFT_OUT.find(({ file }) => path.replaceAll('\\', '/').endsWith(file))
      return { contents: found?.text(await readFile(path, 'utf8')) ?? '', loader: 'js' }
    })
  },
}

/** What `shared/platform/firestore.ts` makes the client call. */
const STORE_CALLS = ['BatchGetDocuments', 'BeginTransaction', 'Commit', 'Rollback', 'RunQuery', 'RunAggregationQuery']

/** Parsed when it is needed: text is read ten times faster than the same written as code. */
function onlyStore(text: string): string {
  const lean = onlyCalls(JSON.parse(text) as Parameters<typeof onlyCalls>[0], 'google.firestore.v1.Firestore', STORE_CALLS)
  return `module.exports = JSON.parse(${JSON.stringify(JSON.stringify(lean))})`
}

function withoutDescriptors(text: string): string {
  const steps: ReadonlyArray<readonly [string, string]> = [
    ["const descriptorList = root.toDescriptor('proto3').file;", 'const descriptorList = [];'],
    ["const messageDescriptor = message.toDescriptor('proto3');", ''],
    ['type: messageDescriptor.$type.toObject(messageDescriptor, descriptorOptions),', ''],
    ["const enumDescriptor = enumType.toDescriptor('proto3');", ''],
    ['(0, util_1.addCommonProtos)();', ''],
    ['type: enumDescriptor.$type.toObject(enumDescriptor, descriptorOptions),', ''],
  ]
  return steps.reduce((left, [from, to]) => {
    if (!left.includes(from)) throw new Error(`proto-loader has no "${from}" any more: look at infra/build/left-out.ts.`)
    return left.replace(from, to)
  }, text)
}
