import { defineConfig } from 'vitest/config'

/** The tests that need nothing but Node and a Redis. Most of their time they wait for processes: three files at once wait together. */
export default defineConfig({
  test: { include: ['src/**/*.test.ts'], maxWorkers: 3, testTimeout: 60_000, hookTimeout: 60_000 },
})
