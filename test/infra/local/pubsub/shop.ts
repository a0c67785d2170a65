/**
 * A Pub/Sub of the local cloud with Google's client in front of it, for the tests of this folder: in memory
 * unless a directory is given, no disorder unless asked for, and everything pushed written down.
 */
import { PubSub as Client } from '@google-cloud/pubsub'
import { Disk } from '../../../../infra/local/disk.ts'
import { GrpcPorts } from '../../../../infra/local/grpc-ports.ts'
import { createPubSub, type Deliver, type PubSub } from '../../../../infra/local/pubsub/pubsub.ts'
import type { PushRequest, PushSettings } from '../../../../infra/local/pubsub/pubsub.ts'
import { seeded } from '../../../../infra/local/random.ts'
import { Timeline } from '../../../../infra/local/timeline.ts'
import { Wire } from '../../../../infra/local/wire.ts'

export const PROJECT = 'shop'

/** Else the first call of every client looks for a metadata server. */
process.env['METADATA_SERVER_DETECTION'] = 'none'

export interface Pushed {
  readonly subscription: string
  readonly request: PushRequest
  readonly body: {
    readonly message: { data?: string; attributes?: Record<string, string>; messageId: string; orderingKey?: string }
    readonly subscription: string
    readonly deliveryAttempt?: number
  }
  /** The message's data as text. */
  readonly text: string
  readonly atMs: number
}

export interface Shop {
  readonly pubsub: PubSub
  readonly client: Client
  readonly timeline: Timeline
  readonly wire: Wire
  readonly pushed: Pushed[]
  /** Waits until nothing is due now or under way. */
  drain(): Promise<void>
  close(): Promise<void>
}

export interface ShopOptions {
  readonly directory?: string
  readonly settings?: Partial<PushSettings>
  readonly seed?: number
  /** Answers a push; without it every one is acknowledged. */
  readonly answer?: (pushed: Pushed) => Promise<number> | number
  /** Leaves delivery to the subscriptions' own endpoints. */
  readonly overHttp?: boolean
  readonly timeline?: Timeline
}

export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const timeline = options.timeline ?? new Timeline()
  const disk = new Disk(options.directory)
  const wire = new Wire({ now: () => timeline.now(), kill: () => {} })
  const ports = new GrpcPorts(wire)
  const pushed: Pushed[] = []
  const deliver: Deliver = async (subscription, request) => {
    const body = JSON.parse(request.body) as Pushed['body']
    const text = Buffer.from(body.message.data ?? '', 'base64').toString()
    const one = { subscription: subscription.split('/').at(-1) ?? '', request, body, text, atMs: timeline.now() }
    pushed.push(one)
    return (await options.answer?.(one)) ?? 204
  }
  const pubsub = createPubSub({
    timeline,
    disk,
    projectId: PROJECT,
    random: seeded(options.seed ?? 1),
    settings: { duplicates: 0, late: 0, ...options.settings },
    ...(options.overHttp === true ? {} : { deliver }),
  })
  for (const service of pubsub.services()) ports.add(service)
  const port = await ports.open('instance-1')
  const client = new Client({ projectId: PROJECT, apiEndpoint: `127.0.0.1:${port}`, emulatorMode: true })
  return {
    pubsub,
    client,
    timeline,
    wire,
    pushed,
    drain: () => until(() => pubsub.pending() === 0),
    close: async () => {
      pubsub.stop()
      timeline.stop()
      await client.close()
      await ports.close()
      disk.close()
    },
  }
}

/** Looks at a condition until it holds; the test's own time limit ends a wait in vain. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}
