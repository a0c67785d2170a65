/** A local cloud of its own, for a measurement or a drill: separate processes, state in a folder that goes when it ends unless it was given. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface RunningCloud {
  readonly url: URL
  stop(): Promise<void>
  /** `kill -9` of everything. */
  kill(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../local/main.ts', import.meta.url))

/** @param folder where the state lies; its own, which goes with it, when none is given */
export async function startCloud(instances: number, environment: Record<string, string> = {}, folder?: string): Promise<RunningCloud> {
  const directory = folder ?? (await mkdtemp(join(tmpdir(), 'countinghouse-bench-')))
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--instances', String(instances), '--directory', directory], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<URL>((resolve, reject) => {
    let text = ''
    child.once('exit', () => reject(new Error('The local cloud did not start.')))
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      const ready = /^ready (\S+)$/m.exec(text)
      if (ready?.[1] !== undefined) resolve(new URL(ready[1]))
    })
  })
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
    if (folder === undefined) await rm(directory, { recursive: true, force: true })
  }
  return { url, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}
