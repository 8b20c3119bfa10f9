import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest must not come last. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      /\/(playground|new|soak|deploy-cli)\.test\.ts$/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/support/setup.ts'],
    globalSetup: ['tests/support/build.ts'],
    // Tests that start other processes take their time on a machine that is busy.
    testTimeout: 20_000,
    // One for each core of a small machine; by default one core is left to vitest itself.
    maxWorkers: 2,
    coverage: { include: ['actions/**', 'lib/**', 'tools/**/*.ts'], reporter: ['text-summary', 'html'] },
    sequence: { sequencer: LongestFirst },
  },
});
