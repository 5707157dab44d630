import { defineConfig } from 'vitest/config'

// The machine may be busy: the bound ends a test that hangs, and times none.
export default defineConfig({
  test: { include: ['src/**/*.test.ts', 'test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
})
