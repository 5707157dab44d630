/** How a process stands, as its parent sees it. `crashed`: it ended without being asked to. `stopped`: it was asked to, or never started. */
export type ProcessState = 'stopped' | 'starting' | 'running' | 'frozen' | 'crashed'

/** Whether a process is there and what is in its memory with it: a frozen one still is. */
export const isAlive = (state: ProcessState): boolean => state === 'running' || state === 'frozen'
