import { defineConfig } from 'vitest/config'

// The machine may be busy: the bounds are there to end a hanging test, never to time one.
export default defineConfig({
  test: {
    // They wait more than they work: for bounds to pass, for nodes to come back.
    maxWorkers: 4,
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 15_000, interval: 10 } },
  },
})
