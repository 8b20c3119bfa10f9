/** Compares the results of two runs. */
import { paint, table } from '../shared/table.ts';
import { failedThresholds, type Metric, type Unit } from './metrics.ts';
import { format, type Results } from './results.ts';

export interface Change {
  readonly name: string;
  readonly unit: Unit;
  readonly before: number;
  readonly after: number;
  readonly verdict: 'better' | 'worse' | 'same' | 'not compared';
}

/**
 * Units that depend neither on the machine nor on its load, and of which less is better. A metric of another unit is
 * worse only if it fails a threshold that it passed before.
 */
const COMPARED_UNITS: readonly Unit[] = ['ratio', 'bytes', 'logins'];

/** Relative. A smaller difference counts as the same. */
const TOLERANCE = 0.05;

/** Of the metrics that both results have. */
export const compare = (before: Results, after: Results): Change[] =>
  after.suites.flatMap((suite) => {
    const earlierSuite = before.suites.find(({ name }) => name === suite.name);
    return suite.metrics.flatMap((metric) => {
      const earlier = earlierSuite?.metrics.find(({ name }) => name === metric.name);
      if (!earlier) return [];
      const { name, unit, summary } = metric;
      return {
        name: `${suite.name}: ${name}`,
        unit,
        before: earlier.summary.median,
        after: summary.median,
        verdict: getVerdict(earlier, metric),
      };
    });
  });

const getVerdict = (before: Metric, after: Metric): Change['verdict'] => {
  if (!COMPARED_UNITS.includes(after.unit)) {
    return failedThresholds(after).length > failedThresholds(before).length ? 'worse' : 'not compared';
  }
  if (isLess(before, after)) return 'worse';
  return isLess(after, before) ? 'better' : 'same';
};

/** True if the interquartile ranges do not overlap, and the medians differ by more than the tolerance. */
const isLess = ({ summary: a }: Metric, { summary: b }: Metric): boolean =>
  a.q3 < b.q1 && a.median * (1 + TOLERANCE) < b.median;

export const toChangeTable = (changes: readonly Change[]): string => {
  const rows = changes
    .filter(({ verdict }) => verdict !== 'not compared')
    .map(({ name, unit, before, after, verdict }) => [
      name,
      unit,
      format(before, unit),
      format(after, unit),
      verdict,
    ]);
  return table([['', 'unit', 'before', 'now', ''], ...rows], (cell) => {
    if (cell === 'worse') return 'red';
    return cell === 'better' ? 'green' : undefined;
  });
};

export const summarizeChanges = (changes: readonly Change[]): string => {
  const worse = changes.filter(({ verdict }) => verdict === 'worse').length;
  return worse === 0
    ? paint('green', 'Nothing got worse.')
    : paint('red', `${worse} of ${changes.length} metrics got worse.`);
};
