import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    pool: 'forks',
    // Each of these runs clusters of real processes: side by side they would time each other's health checks out.
    maxWorkers: 1,
    // Bounds for a hang, not for speed.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
