import { randomInt } from 'node:crypto';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Starts the longest files first, so that none of them runs alone at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      /\/(playground|new|soak|deploy-cli)\.test\.ts$/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** Repeats the random inputs of tests/fuzz. */
const FUZZ_SEED = process.env.FUZZ_SEED ?? String(randomInt(2 ** 31));
console.log(`FUZZ_SEED=${FUZZ_SEED}`);

export default defineConfig({
  test: {
    env: { FUZZ_SEED },
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/support/setup.ts'],
    globalSetup: ['tests/support/build.ts'],
    // Long enough for tests that start other processes.
    testTimeout: 20_000,
    // By default, vitest leaves one core to itself: of two, that is half.
    maxWorkers: 2,
    coverage: { include: ['actions/**', 'lib/**', 'tools/**/*.ts'], reporter: ['text-summary', 'html'] },
    sequence: { sequencer: LongestFirst },
  },
});
