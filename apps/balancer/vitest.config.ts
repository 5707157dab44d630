import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // They wait for processes to start and to end.
    maxWorkers: 2,
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
  },
})
