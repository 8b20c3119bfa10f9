/**
 * Property-based tests: `npm test` checks each property with a few random inputs, `npm run fuzz` for FUZZ_SECONDS.
 * `FUZZ_SEED=… npm test` repeats a run. https://fast-check.dev
 */
import fc from 'fast-check';
import { it } from 'vitest';

const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const seconds = process.env.FUZZ_SECONDS === undefined ? undefined : Number(process.env.FUZZ_SECONDS);

console.log(`FUZZ_SEED=${seed}`);

/** `it`, for every input. A failure shows the smallest input that fails. */
export const property = <T>(
  title: string,
  input: fc.Arbitrary<T>,
  check: (input: T) => unknown,
  { runs = 100 } = {},
): void => {
  const work = fc.asyncProperty(input, async (value) => void (await check(value)));
  const timeLimit = seconds && { numRuns: 1e9, interruptAfterTimeLimit: seconds * 1000 };
  it(title, () => fc.assert(work, { seed, numRuns: runs, ...timeLimit }), (seconds ?? 20) * 1000 + 60_000);
};

/** Milliseconds of the processor, whatever else keeps the machine busy. */
export const cpuMs = (work: () => unknown): number => {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1000;
};
