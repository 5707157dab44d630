import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Outer bounds only: on a busy machine a test may take ten times as long as on a quiet one.
  test: { include: ['src/**/*.test.ts', 'test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
})
