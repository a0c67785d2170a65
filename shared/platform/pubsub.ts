/** Publishing: several messages in one call, no waiting for a batch to fill. */
import { Failure } from '#values/failure.ts'
import { config, emulator } from './config.ts'

export interface Message {
  readonly attributes: Record<string, string>
  readonly data: unknown
  readonly orderingKey?: string
}

interface Publisher {
  publish(request: object, options: object): Promise<unknown>
}

let loading: Promise<Publisher> | undefined

async function load(): Promise<Publisher> {
  loading ??= (async () => {
    const { v1 } = await import('@google-cloud/pubsub')
    const local = emulator('PUBSUB')
    if (local === undefined) return new v1.PublisherClient() as unknown as Publisher
    const [host, port] = local.split(':')
    const { credentials } = await import('@grpc/grpc-js')
    const options = { projectId: config('shop').GCP_PROJECT_ID, servicePath: host, port: Number(port), sslCreds: credentials.createInsecure() }
    return new v1.PublisherClient(options as never) as unknown as Publisher
  })()
  return loading
}

/**
 * Publishes to one topic in one call.
 * @throws Failure SERVICE_UNAVAILABLE when the service does not take them in time; they may have been taken all the same
 */
export async function publish(topic: string, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return
  const publisher = await load()
  const request = {
    topic: `projects/${config('shop').GCP_PROJECT_ID}/topics/${topic}`,
    messages: messages.map(({ attributes, data, orderingKey }) => ({
      data: Buffer.from(JSON.stringify(data)),
      attributes,
      ...(orderingKey === undefined ? {} : { orderingKey }),
    })),
  }
  try {
    await publisher.publish(request, { timeout: config('deadlines').PUBLISH_DEADLINE_MS, retry: null })
  } catch (error) {
    throw new Failure('SERVICE_UNAVAILABLE', { reason: `pubsub: ${(error as Error).message}`, cause: error })
  }
}
