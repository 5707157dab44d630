import { defineConfig } from 'vitest/config'

/** Unit tests lie beside the code; what needs a cluster or a browser lies in test/ and gets time for a busy machine. */
export default defineConfig({
  test: {
    include: ['{server,wire,web/src,scripts}/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Most of their time they wait for processes: two files at once wait together.
    maxWorkers: 2,
    globalSetup: ['test/build-pages.ts'],
  },
})
