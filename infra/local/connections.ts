/** Connections to the servers of the local cloud, by who opened them. */
import type { Socket } from 'node:net'

export class Connections {
  readonly #open = new Map<string, Set<Socket>>()

  add(caller: string, socket: Socket): void {
    const open = this.#open.get(caller) ?? new Set()
    this.#open.set(caller, open.add(socket))
    socket.once('close', () => open.delete(socket))
  }

  /** Resolves when those that the caller has now are closed: what it sent has been taken in by then. */
  async ended(caller: string): Promise<void> {
    await Promise.all([...(this.#open.get(caller) ?? [])].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  }

  close(): void {
    for (const open of this.#open.values()) for (const socket of open) socket.destroy()
  }
}
