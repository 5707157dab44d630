import { defineConfig } from 'vitest/config'

/** The tests that need nothing but Node and a Redis. */
export default defineConfig({ test: { include: ['src/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } })
