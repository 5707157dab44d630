import { NoSpringError, type SpringOptions, type SpringServer } from '@session-cluster/cluster'
import type { Recorder } from '../experiment.ts'
import { text } from '../language.ts'

/** This machine cannot run the tutorial's own program: what it would show is not shown. */
export interface NoSpringRow {
  readonly step: 'no spring'
  readonly why: string
}

/** Starts the tutorial's own program; where this machine cannot, the history says why. */
export async function springOf(lab: Recorder<NoSpringRow>, options: SpringOptions): Promise<SpringServer | undefined> {
  lab.progress(0, text('starting Spring Boot', 'Spring Boot 시작'))
  try {
    return await lab.startSpring({ ...options, signal: lab.signal })
  } catch (error) {
    if (!(error instanceof NoSpringError)) throw error
    lab.record({ step: 'no spring', why: error.message })
    return undefined
  }
}
