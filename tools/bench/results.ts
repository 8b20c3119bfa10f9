/** The results of a run: written to a file as JSON, and shown as tables. */
import { paint, table } from '../shared/table.ts';
import { checkThreshold, type Metric, type Threshold, type Unit } from './metrics.ts';

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

/** The metric that compares a subject with itself. */
export const NOISE = 'noise: raw https / itself';

/** Whether the machine disturbed the run: a subject that was measured twice differs from itself. */
export const isNoisy = (suites: readonly SuiteResults[]): boolean =>
  suites
    .flatMap(({ metrics }) => metrics)
    .filter(({ name }) => name === NOISE)
    .some((metric) => metric.thresholds.some((threshold) => checkThreshold(metric, threshold) !== 'passed'));

const HEADINGS = [
  '',
  'unit',
  'runs',
  'median',
  '95% interval',
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
    const { runs, median, medianInterval, q1, q3, p95, p99, mean, max } = summary;
    const show = (value: number) => format(value, unit);
    const spread =
      runs > 1
        ? [
            medianInterval.map(show).join(' – '),
            `${show(q1)} – ${show(q3)}`,
            ...[p95, p99, mean, max].map(show),
          ]
        : Array<string>(6).fill('');
    return [name, unit, String(runs), show(median), ...spread, describeThresholds(metric)];
  });
  return `${paint('bold', title)}\n${table([HEADINGS, ...rows], getStyle)}`;
};

const describeThresholds = (metric: Metric): string =>
  metric.thresholds
    .map((threshold) => `${describeThreshold(threshold, metric.unit)}: ${checkThreshold(metric, threshold)}`)
    .join(', ');

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
  if (cell.includes(': unclear')) return 'yellow';
  if (cell.endsWith(': passed')) return 'green';
  return HEADINGS.includes(cell) ? 'dim' : undefined;
};
