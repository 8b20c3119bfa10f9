/** What a run of the benchmarks found, in a file and on the terminal. */
import { paint, table } from '../shared/table.ts';
import { failedThresholds, type Metric, type Threshold, type Unit } from './metrics.ts';

export interface Results {
  /** Of the package, with the commit. */
  readonly version: string;
  /** ISO 8601. */
  readonly at: string;
  readonly node: string;
  readonly machine: string;
  readonly isQuick: boolean;
  readonly rttMs: number;
  readonly sections: readonly SectionResults[];
}

export interface SectionResults {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
}

const HEADINGS = ['', 'unit', 'runs', 'median', 'middle half', 'p95', 'p99', 'mean', 'max', 'aim'];

/** A section as a table. */
export const describeSection = ({ title, metrics }: SectionResults): string => {
  const rows = metrics.map((metric) => {
    const { name, unit, summary } = metric;
    const { runs, median, q1, q3, p95, p99, mean, max } = summary;
    const show = (value: number) => format(value, unit);
    const spread =
      runs > 1 ? [`${show(q1)} – ${show(q3)}`, ...[p95, p99, mean, max].map(show)] : ['', '', '', '', ''];
    return [name, unit, String(runs), show(median), ...spread, describeAims(metric)];
  });
  return `${paint('bold', title)}\n${table([HEADINGS, ...rows], styleOf)}`;
};

const describeAims = (metric: Metric): string => {
  const missed = failedThresholds(metric);
  return metric.aims
    .map((aim) => `${describeAim(aim, metric.unit)}: ${missed.includes(aim) ? 'missed' : 'met'}`)
    .join(', ');
};

const describeAim = ({ of, atMost, atLeast }: Threshold, unit: Unit): string =>
  atMost === undefined ? `${of} ≥ ${format(atLeast ?? 0, unit)}` : `${of} ≤ ${format(atMost, unit)}`;

const DECIMALS: Record<Unit, number> = { ratio: 2, ms: 1, µs: 0, '1/s': 0, MB: 1, bytes: 0, logins: 0 };

export const format = (value: number, unit: Unit): string =>
  value.toFixed(DECIMALS[unit]).replace(/^-(?=[0.]+$)/, '');

const styleOf = (cell: string) => {
  if (/: missed/.test(cell)) return 'red';
  if (/: met$/.test(cell)) return 'green';
  return HEADINGS.includes(cell) ? 'dim' : undefined;
};
