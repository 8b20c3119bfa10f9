/** The results of a run: written to a file as JSON, and shown as tables. */
import { paint, table } from '../shared/table.ts';
import { failedThresholds, type Metric, type Threshold, type Unit } from './metrics.ts';

export interface Results {
  /** Name, version and commit of the package. */
  readonly version: string;
  /** ISO 8601. */
  readonly at: string;
  readonly node: string;
  readonly machine: string;
  readonly isQuick: boolean;
  readonly rttMs: number;
  readonly suites: readonly SuiteResults[];
}

export interface SuiteResults {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
}

const HEADINGS = [
  '',
  'unit',
  'runs',
  'median',
  'interquartile range',
  'p95',
  'p99',
  'mean',
  'max',
  'threshold',
];

export const toTable = ({ title, metrics }: SuiteResults): string => {
  const rows = metrics.map((metric) => {
    const { name, unit, summary } = metric;
    const { runs, median, q1, q3, p95, p99, mean, max } = summary;
    const show = (value: number) => format(value, unit);
    const spread =
      runs > 1 ? [`${show(q1)} – ${show(q3)}`, ...[p95, p99, mean, max].map(show)] : ['', '', '', '', ''];
    return [name, unit, String(runs), show(median), ...spread, describeThresholds(metric)];
  });
  return `${paint('bold', title)}\n${table([HEADINGS, ...rows], getStyle)}`;
};

const describeThresholds = (metric: Metric): string => {
  const failed = failedThresholds(metric);
  return metric.thresholds
    .map((threshold) => {
      const result = failed.includes(threshold) ? 'failed' : 'passed';
      return `${describeThreshold(threshold, metric.unit)}: ${result}`;
    })
    .join(', ');
};

const describeThreshold = ({ of, min, max }: Threshold, unit: Unit): string =>
  [
    ...(min === undefined ? [] : [`${of} ≥ ${format(min, unit)}`]),
    ...(max === undefined ? [] : [`${of} ≤ ${format(max, unit)}`]),
  ].join(', ');

const DECIMALS: Record<Unit, number> = { ratio: 2, ms: 1, µs: 0, '1/s': 0, MB: 1, bytes: 0, logins: 0 };

/** Without a minus before a number that rounds to zero. */
export const format = (value: number, unit: Unit): string =>
  value.toFixed(DECIMALS[unit]).replace(/^-(?=[0.]+$)/, '');

const getStyle = (cell: string) => {
  if (cell.includes(': failed')) return 'red';
  if (cell.endsWith(': passed')) return 'green';
  return HEADINGS.includes(cell) ? 'dim' : undefined;
};
