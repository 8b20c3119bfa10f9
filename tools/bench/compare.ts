/** Two runs against each other. */
import { paint, table } from '../shared/table.ts';
import { failedThresholds, type Metric, type Unit } from './metrics.ts';
import { format, type Results } from './results.ts';

export interface Change {
  readonly name: string;
  readonly unit: Unit;
  readonly before: number;
  readonly after: number;
  readonly verdict: 'better' | 'worse' | 'same' | 'not judged';
}

/**
 * What does not depend on the machine, and how busy it is. Of these metrics less is better; the others are worse only if
 * they miss an aim that was met.
 */
const JUDGED: readonly Unit[] = ['ratio', 'bytes', 'logins'];
/** A difference to speak of. */
const TOLERANCE = 0.05;

/** The metrics that both have. */
export const compare = (before: Results, after: Results): Change[] =>
  after.sections.flatMap((section) => {
    const old = before.sections.find(({ name }) => name === section.name);
    return section.metrics.flatMap((metric) => {
      const counterpart = old?.metrics.find(({ name }) => name === metric.name);
      if (!counterpart) return [];
      const { name, unit, summary } = metric;
      return {
        name: `${section.name}: ${name}`,
        unit,
        before: counterpart.summary.median,
        after: summary.median,
        verdict: judge(counterpart, metric),
      };
    });
  });

const judge = (before: Metric, after: Metric): Change['verdict'] => {
  if (!JUDGED.includes(after.unit)) {
    return failedThresholds(after).length > failedThresholds(before).length ? 'worse' : 'not judged';
  }
  if (isLess(before, after)) return 'worse';
  return isLess(after, before) ? 'better' : 'same';
};

/** By more than either of them varies. */
const isLess = ({ summary: one }: Metric, { summary: other }: Metric): boolean =>
  one.q3 < other.q1 && one.median * (1 + TOLERANCE) < other.median;

/** A table of what was judged. */
export const describeChanges = (changes: readonly Change[]): string => {
  const rows = changes
    .filter(({ verdict }) => verdict !== 'not judged')
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

export const headline = (changes: readonly Change[]): string => {
  const worse = changes.filter(({ verdict }) => verdict === 'worse').length;
  return worse === 0
    ? paint('green', 'Nothing has become worse.')
    : paint('red', `${worse} of ${changes.length} metrics have become worse.`);
};
