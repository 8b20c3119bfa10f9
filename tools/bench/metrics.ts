import { type Summary, summarize } from './statistics.ts';

/** A `ratio` is that of adjacent runs: two subjects measured in the same round. */
export type Unit = 'ratio' | 'ms' | 'µs' | '1/s' | 'MB' | 'bytes' | 'logins';

/** Limits of one statistic; of a median, limits of its confidence interval. */
export interface Threshold {
  readonly of: 'median' | 'mean' | 'max';
  readonly min?: number;
  readonly max?: number;
}

export interface Metric {
  /** Unique within its suite: `splunk / raw https`. */
  readonly name: string;
  readonly unit: Unit;
  readonly summary: Summary;
  readonly thresholds: readonly Threshold[];
}

export const metric = (
  name: string,
  unit: Unit,
  samples: readonly number[],
  ...thresholds: readonly Threshold[]
): Metric => ({ name, unit, summary: summarize(samples), thresholds });

/** `unclear` if the confidence interval of a median lies on both sides of a limit: another run could end otherwise. */
export const checkThreshold = (
  { summary }: Metric,
  { of, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Threshold,
): 'passed' | 'unclear' | 'failed' => {
  const [lower, upper] = of === 'median' ? summary.medianInterval : [summary[of], summary[of]];
  if (upper < min || lower > max) return 'failed';
  return lower >= min && upper <= max ? 'passed' : 'unclear';
};

export const failedThresholds = (metric: Metric): readonly Threshold[] =>
  metric.thresholds.filter((threshold) => checkThreshold(metric, threshold) === 'failed');
