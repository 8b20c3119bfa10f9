/** Renders the outcomes of a login as one line, for an operator who looks at Auth0's logs at 3 a.m. */
import { groupBy } from './group-by.ts';
import type { DeliveredOutcome, FailedOutcome, MisconfiguredOutcome, Outcome } from './outcome.ts';

/** Auth0 stores 256 characters of what an Action prints. https://auth0.com/docs/customize/actions/limitations */
export const LINE_LIMIT_CHARS = 255;

/**
 * The line, or undefined if nothing is to be reported: a success is reported with `includeSuccesses` only. Failures
 * come first, and what several destinations have in common is reported once. A line that is too long says less of each.
 */
export const toLogLine = (
  action: string,
  outcomes: readonly Outcome[],
  includeSuccesses: boolean,
): string | undefined => {
  const failures = outcomes.filter(isFailure);
  const others = includeSuccesses ? outcomes.filter((outcome) => !isFailure(outcome)) : [];
  if (failures.length + others.length === 0) return undefined;
  const start = `[${action}] `;
  const candidates = [
    () => describe(action, [...failures, ...others]),
    () => describe(action, failures),
    () => summarize(failures, ({ message }) => message),
    () => summarize(failures, ({ code }) => code),
  ];
  let line = '';
  for (const toText of failures.length > 0 ? candidates : candidates.slice(0, 1)) {
    line = start + toText();
    if (line.length <= LINE_LIMIT_CHARS) return line;
  }
  return `${line.slice(0, LINE_LIMIT_CHARS - 1)}…`;
};

/** Whether it is reported without `LOG=all`. */
const isFailure = (outcome: Outcome): boolean =>
  outcome.status === 'failed' ||
  outcome.status === 'misconfigured' ||
  outcome.propertiesError !== undefined ||
  (outcome.status === 'delivered' &&
    Boolean(outcome.flushRejected ?? outcome.metadataWriteFailed ?? outcome.dropped > 0));

/** Each outcome in full; those that differ in their durations alone are merged, without them. */
const describe = (action: string, outcomes: readonly Outcome[]): string =>
  Array.from(groupBy(outcomes, toText), ([text, group]) => {
    const names = group.map(({ destination }) => destination);
    const [first] = group;
    const whole = group.length === 1 && first ? toText(first, toFigures(first)) : text;
    return names.includes(action) ? whole : `${names.join(', ')}: ${whole}`;
  }).join('; ');

const toText = (outcome: Outcome, figures = ''): string =>
  [toStatusText(outcome, figures), outcome.propertiesError].filter(Boolean).join('; ');

const toStatusText = (outcome: Outcome, figures: string): string => {
  switch (outcome.status) {
    case 'skipped':
      return outcome.activity
        ? `${outcome.activity.type} skipped: ${outcome.reason}`
        : `Skipped: ${outcome.reason}`;
    case 'misconfigured':
      return toProblems(outcome);
    case 'failed':
      return toFailure(outcome, figures);
    case 'delivered':
      return toSuccess(outcome, figures);
  }
};

const toFigures = (outcome: Outcome): string => {
  if (outcome.status === 'delivered') return ` in ${outcome.elapsedMs} ms`;
  if (outcome.status !== 'failed' || outcome.attempts < 2) return '';
  return ` (${outcome.attempts} attempts, ${(outcome.elapsedMs / 1000).toFixed(1)} s)`;
};

const toSuccess = (outcome: DeliveredOutcome, figures: string): string => {
  const { activity, flushed, dropped, flushRejected, metadataWriteFailed } = outcome;
  const parts = [
    metadataWriteFailed
      ? `${activity.type} delivered, but setAppMetadata failed: it will be sent again`
      : `${activity.type} delivered${figures}${flushed > 0 ? `, plus ${flushed} buffered` : ''}`,
    ...(dropped > 0 ? [`${dropped} buffered dropped: the secrets have changed`] : []),
    ...(flushRejected
      ? [
          `${flushRejected.count} buffered ${flushRejected.count === 1 ? 'event' : 'events'} rejected and dropped: ${flushRejected.message}`,
        ]
      : []),
  ];
  return parts.join('; ');
};

const toFailure = (outcome: FailedOutcome, figures: string): string => {
  const { activity, reason, code, message, hint } = outcome;
  const type = activity?.type ?? 'Login';
  if (reason === 'internal') return `internal error while recording the ${type}: ${code}`;
  return [`${type} failed: ${message}${figures}`, toDisposition(outcome), hint].filter(Boolean).join('; ');
};

/** What becomes of the activity. */
const toDisposition = ({ activity, reason, buffered, dropped }: FailedOutcome): string => {
  if (buffered) return `buffered for retry${dropped > 0 ? `, ${dropped} older dropped` : ''}`;
  return reason === 'rejected' && activity?.type === 'SignUp'
    ? "will be sent again at the user's next login"
    : '';
};

const toProblems = ({ problems }: MisconfiguredOutcome): string => {
  const names = Object.keys(problems);
  if (names.length === 0) return 'no destination configured: set the secrets of at least one';
  const text = `Not configured: ${names.map((name) => `${name} ${problems[name]}`).join('; ')}`;
  return text.length < LINE_LIMIT_CHARS - 40 ? text : `Not configured, correct ${names.join(', ')}`;
};

/** Every failed destination with its cause, under what becomes of the activity. */
const summarize = (outcomes: readonly Outcome[], toCause: (outcome: FailedOutcome) => string): string => {
  const failed = outcomes.filter((outcome) => outcome.status === 'failed');
  const others = outcomes.filter((outcome) => outcome.status !== 'failed');
  const heading = (outcome: FailedOutcome) =>
    [`${outcome.activity?.type ?? 'Login'} failed`, toDisposition(outcome)].filter(Boolean).join(', ');
  return [
    ...Array.from(groupBy(failed, heading), ([text, group]) => {
      const causes = Array.from(
        groupBy(group, toCause),
        ([cause, same]) => `${same.map(({ destination }) => destination).join('+')} ${cause}`,
      );
      return `${text}: ${causes.join(', ')}`;
    }),
    ...Array.from(
      groupBy(others, ({ status }) =>
        status === 'misconfigured' ? 'Not configured' : 'Delivered with problems',
      ),
      ([text, group]) => `${text}: ${group.map(({ destination }) => destination).join(', ')}`,
    ),
  ].join('; ');
};
