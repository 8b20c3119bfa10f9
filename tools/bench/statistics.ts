/** Descriptive statistics of one metric. The interquartile range is q1 to q3. */
export interface Summary {
  readonly runs: number;
  readonly mean: number;
  readonly q1: number;
  readonly median: number;
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
    q3: quantile(sorted, 0.75),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  };
};

/**
 * Interpolates linearly between adjacent samples, as R, NumPy and spreadsheets do: type 7 of Hyndman and Fan,
 * https://doi.org/10.1080/00031305.1996.10473566
 */
const quantile = (sorted: readonly number[], fraction: number): number => {
  const position = fraction * (sorted.length - 1);
  const lower = sorted[Math.floor(position)] ?? Number.NaN;
  const upper = sorted[Math.ceil(position)] ?? Number.NaN;
  return lower + (upper - lower) * (position % 1);
};
