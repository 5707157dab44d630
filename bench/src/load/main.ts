// The load's own process: its CPU is never mixed with a contender's. Takes jobs over IPC, one at a time, and ends with its parent.
import type { Job } from './job.ts'
import { runJob } from './run.ts'

process.on('message', (job: Job) => {
  void runJob(job).then((result) => process.send?.(result))
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
