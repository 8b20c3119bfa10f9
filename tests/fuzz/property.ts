/**
 * Property-based tests: `npm test` checks each property with a few random inputs, `npm run fuzz` with as many as
 * FUZZ_SECONDS allow, 20 by default. `FUZZ_SEED=… npm test` repeats the inputs of a run. https://fast-check.dev
 */
import fc from 'fast-check';
import { it } from 'vitest';

const { FUZZ_SEED, FUZZ_SECONDS, MODE } = process.env;
const isFuzzing = FUZZ_SECONDS !== undefined || MODE === 'fuzz';
const seconds = Number(FUZZ_SECONDS ?? 20);

/** `it`, for every input. A failure shows the smallest input that fails. */
export const property = <T>(
  title: string,
  input: fc.Arbitrary<T>,
  check: (input: T) => unknown,
  { runs = 100 } = {},
): void => {
  const work = fc.asyncProperty(input, async (value) => void (await check(value)));
  const numRuns = isFuzzing ? 1e9 : runs;
  const timeLimit = isFuzzing && { interruptAfterTimeLimit: seconds * 1000 };
  const assert = () => fc.assert(work, { seed: Number(FUZZ_SEED), numRuns, ...timeLimit });
  it(title, assert, (seconds + 60) * 1000);
};

/** Milliseconds of the processor, whatever else keeps the machine busy. */
export const cpuMs = (work: () => unknown): number => {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1000;
};
