/** What the benchmarks have in common: the metrics they find, and what they are told before they begin. */
import type { Link } from './link.ts';
import { type Summary, summarize } from './statistics.ts';

/** `ratio` is that of two things measured one after the other, in the same round. */
export type Unit = 'ratio' | 'ms' | 'µs' | '1/s' | 'MB' | 'bytes' | 'logins';

export interface Threshold {
  readonly of: 'median' | 'mean' | 'max';
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Metric {
  /** Unique within its section: `splunk / floor`. */
  readonly name: string;
  readonly unit: Unit;
  readonly summary: Summary;
  readonly aims: readonly Threshold[];
}

/** Some metrics that belong together. */
export interface Suite {
  readonly title: string;
  /** Flags for Node. */
  readonly flags?: readonly string[];
  /** Whether it needs servers, or the retired libraries. */
  readonly needs: { readonly link?: true; readonly baselines?: true };
  run(bench: Bench): Promise<readonly Metric[]>;
}

/** What a section is told. */
export interface Bench {
  readonly isQuick: boolean;
  /** Only for those that need it. */
  readonly link: Link;
  progress(done: number, total: number): void;
}

export const metric = (
  name: string,
  unit: Unit,
  samples: readonly number[],
  ...aims: readonly Threshold[]
): Metric => ({ name, unit, summary: summarize(samples), aims });

/** The aims that a metric misses. */
export const failedThresholds = ({ summary, aims }: Metric): readonly Threshold[] =>
  aims.filter(
    ({ of, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }) =>
      summary[of] > atMost || summary[of] < atLeast,
  );
