import type { Generator } from '../load/generator.ts'
import type { Job } from '../load/job.ts'
import { processTree, treeCpuNs } from './schedstat.ts'

/** CPU that a process and its workers spend on one request of the job, in microseconds. */
export async function cpuPerRequest(pid: number, generator: Generator, job: Job): Promise<number> {
  const pids = processTree(pid)
  const before = treeCpuNs(pids)
  await generator.run(job)
  return Number(treeCpuNs(pids) - before) / 1000 / job.requests
}
