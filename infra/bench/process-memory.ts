/** What a process has occupied at most since it began, in MB; NaN where the system does not tell. */
import { readFile } from 'node:fs/promises'

export async function peakMb(pid: number | undefined): Promise<number> {
  const status = pid === undefined ? '' : await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1_024
}
