import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    globalSetup: ['tests/build.ts'],
    // One for each core of a small machine; by default one core is left to vitest itself.
    maxWorkers: 2,
  },
});
