import { type Summary, summarize } from './statistics.ts';

/** A `ratio` is that of adjacent runs: two subjects measured in the same round. */
export type Unit = 'ratio' | 'ms' | 'µs' | '1/s' | 'MB' | 'bytes' | 'logins';

/** Limits of one statistic. */
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

export const failedThresholds = ({ summary, thresholds }: Metric): readonly Threshold[] =>
  thresholds.filter(
    ({ of, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }) =>
      summary[of] < min || summary[of] > max,
  );
