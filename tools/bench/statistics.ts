import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Between the lower and the upper value. */
export type Interval = readonly [lower: number, upper: number];

/** Descriptive statistics of one metric. The interquartile range is q1 to q3. */
export interface Summary {
  readonly runs: number;
  readonly mean: number;
  readonly q1: number;
  readonly median: number;
  /** Holds the true median with a confidence of 95 percent. */
  readonly medianInterval: Interval;
  readonly q3: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export const summarize = (samples: readonly number[]): Summary => {
  if (samples.length === 0) throw new RangeError('There are no samples to summarize');
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    runs: sorted.length,
    mean: sorted.reduce((sum, sample) => sum + sample, 0) / sorted.length,
    q1: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    medianInterval: bootstrapMedian(sorted),
    q3: quantile(sorted, 0.75),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  };
};

const RESAMPLES = 1000;

/**
 * The percentile bootstrap: the medians of samples that are drawn from these. The same samples give the same interval.
 * https://doi.org/10.1214/aos/1176344552
 */
const bootstrapMedian = (samples: readonly number[]): Interval => {
  const random = xoroshiro128plus(samples.length);
  const draw = () => samples[uniformInt(random, 0, samples.length - 1)] ?? Number.NaN;
  const medians = Array.from({ length: RESAMPLES }, () =>
    quantile(Float64Array.from(samples, draw).sort(), 0.5),
  ).sort((a, b) => a - b);
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
};

/**
 * Interpolates linearly between adjacent samples, as R, NumPy and spreadsheets do: type 7 of Hyndman and Fan,
 * https://doi.org/10.1080/00031305.1996.10473566
 */
const quantile = (sorted: ArrayLike<number>, fraction: number): number => {
  const position = fraction * (sorted.length - 1);
  const lower = sorted[Math.floor(position)] ?? Number.NaN;
  const upper = sorted[Math.ceil(position)] ?? Number.NaN;
  return lower + (upper - lower) * (position % 1);
};
