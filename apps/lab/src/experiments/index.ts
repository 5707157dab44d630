import type { Experiment } from '../experiment.ts'

/** Every experiment, in the order in which the tutorial makes its claims. */
export const experiments: readonly Experiment[] = []
