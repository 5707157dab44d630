import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // A third of their time they wait, for Redis to be late or to end what is due.
    maxWorkers: 2,
    // Outer bounds only: on a busy machine a test may take ten times as long as on a quiet one.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
