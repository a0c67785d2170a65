/**
 * What was deployed when, in one object beside the bundles (`releases.json`): a release says of each function which
 * bundle it got and which it had before, so that it can be taken back.
 *
 * A release is open until every one of its functions runs. Whoever deploys while one is open goes on with it: what was
 * there before it stays on record, however often a deployment is killed or fails half-way.
 */
import type { Google } from './google.ts'

export interface Given {
  readonly to: string
  /** The bundle before the release; null for a function that had none of ours. */
  readonly from: string | null
}

export interface Release {
  readonly id: string
  readonly startedAt: string
  /** Null while it is open. */
  readonly finishedAt: string | null
  readonly commit: string
  /** The release that this one takes back. */
  readonly undoes: string | null
  readonly functions: Readonly<Record<string, Given>>
}

const OBJECT = 'releases.json'
/** Newest last. */
const KEPT = 50

export class Releases {
  readonly #google: Google
  #list: readonly Release[]
  #generation: string

  private constructor(google: Google, list: readonly Release[], generation: string) {
    this.#google = google
    this.#list = list
    this.#generation = generation
  }

  static async read(google: Google): Promise<Releases> {
    const { text, generation } = await google.read(OBJECT)
    return new Releases(google, text === undefined ? [] : (JSON.parse(text) as Release[]), generation)
  }

  get open(): Release | undefined {
    return this.#list.find(({ finishedAt }) => finishedAt === null)
  }

  /** The newest that was not taken back, and takes none back. */
  get toUndo(): Release | undefined {
    const undone = new Set(this.#list.map(({ undoes }) => undoes))
    return this.#list.findLast(({ id, undoes }) => undoes === null && !undone.has(id))
  }

  /** @throws Error when somebody else has written since it was read: two deployments at once would undo each other */
  async write(release: Release): Promise<void> {
    const list = [...this.#list.filter(({ id }) => id !== release.id), release].slice(-KEPT)
    const generation = await this.#google.replace(OBJECT, `${JSON.stringify(list, null, 2)}\n`, this.#generation)
    if (generation === undefined) throw new Error('Another deployment is at work: it has written the releases meanwhile. Start again when it is done.')
    this.#list = list
    this.#generation = generation
  }
}
