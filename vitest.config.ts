import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The Deploy CLI takes longer than anything else here, so it must not come last. */
class DeployCliFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isDeployCli = ({ moduleId }: TestSpecification) => moduleId.endsWith('deploy-cli.test.ts');
    const sorted = await super.sort(files);
    return [...sorted.filter(isDeployCli), ...sorted.filter((file) => !isDeployCli(file))];
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    globalSetup: ['tests/build.ts'],
    // Tests that start other processes take their time on a machine that is busy.
    testTimeout: 20_000,
    // One for each core of a small machine; by default one core is left to vitest itself.
    maxWorkers: 2,
    sequence: { sequencer: DeployCliFirst },
  },
});
