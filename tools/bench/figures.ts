/** What the benchmarks have in common: the figures they find, and what they are told before they begin. */
import type { Link } from './link.ts';
import { type Summary, summarize } from './statistics.ts';

/** `ratio` is that of two things measured one after the other, in the same round. */
export type Unit = 'ratio' | 'ms' | 'µs' | '1/s' | 'MB' | 'bytes' | 'logins';

export interface Aim {
  readonly of: 'median' | 'mean' | 'max';
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Figure {
  /** Unique within its section: `splunk / floor`. */
  readonly name: string;
  readonly unit: Unit;
  readonly summary: Summary;
  readonly aims: readonly Aim[];
}

/** Some figures that belong together. */
export interface Section {
  readonly title: string;
  /** Flags for Node. */
  readonly flags?: readonly string[];
  /** Whether it needs servers, or the retired libraries. */
  readonly needs: { readonly link?: true; readonly opponents?: true };
  run(bench: Bench): Promise<readonly Figure[]>;
}

/** What a section is told. */
export interface Bench {
  readonly isQuick: boolean;
  /** Only for those that need it. */
  readonly link: Link;
  progress(done: number, total: number): void;
}

export const figure = (
  name: string,
  unit: Unit,
  samples: readonly number[],
  ...aims: readonly Aim[]
): Figure => ({ name, unit, summary: summarize(samples), aims });

/** The aims that a figure misses. */
export const missedAims = ({ summary, aims }: Figure): readonly Aim[] =>
  aims.filter(
    ({ of, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }) =>
      summary[of] > atMost || summary[of] < atLeast,
  );
