import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const modules = readdirSync(`${import.meta.dirname}/lib`);

/** The tests of lib/ that take milliseconds: for each mutant, Stryker runs those that reach it. */
export default defineConfig({
  test: {
    include: [
      ...modules.map((name) => `tests/unit/${name.replace('.ts', '.test.ts')}`),
      'tests/unit/outage.test.ts',
      'tests/fuzz/regressions.test.ts',
    ],
    setupFiles: ['tests/support/setup.ts'],
  },
});
