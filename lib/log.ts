/** Renders the outcomes of a login as one line, for an operator who looks at Auth0's logs at 3 a.m. */
import { groupBy } from './group-by.ts';
import type { DeliveredOutcome, FailedOutcome, MisconfiguredOutcome, Outcome } from './outcome.ts';

/** Auth0 stores 256 characters of what an Action prints. https://auth0.com/docs/customize/actions/limitations */
export const LINE_LIMIT_CHARS = 255;

/** What a vendor's message is cut to where the line is too long. */
const MESSAGE_LIMIT_CHARS = 80;

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
  const shortened = failures.map(shorten);
  const candidates = [
    () => describe(action, [...failures, ...others]),
    () => describe(action, failures),
    () => describe(action, shortened),
    () => summarize(shortened, toMessage),
    () => summarize(shortened, toCode),
  ];
  let line = '';
  for (const toText of failures.length > 0 ? candidates : candidates.slice(0, 1)) {
    line = start + toText();
    if (line.length <= LINE_LIMIT_CHARS) return line;
  }
  return cut(line, LINE_LIMIT_CHARS);
};

/** With a vendor's message of a few words at most. */
const shorten = (outcome: Outcome): Outcome => {
  if (outcome.status === 'failed') return { ...outcome, message: cut(outcome.message, MESSAGE_LIMIT_CHARS) };
  if (outcome.status !== 'delivered') return outcome;
  const { profileError, flushRejected } = outcome;
  return {
    ...outcome,
    ...(profileError && { profileError: cut(profileError, MESSAGE_LIMIT_CHARS) }),
    ...(flushRejected && {
      flushRejected: { ...flushRejected, message: cut(flushRejected.message, MESSAGE_LIMIT_CHARS) },
    }),
  };
};

const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;

/** Whether it is reported without `LOG=all`. */
const isFailure = (outcome: Outcome): boolean =>
  outcome.status === 'failed' ||
  outcome.status === 'misconfigured' ||
  outcome.propertiesError !== undefined ||
  (outcome.status === 'delivered' &&
    Boolean(
      outcome.profileError ?? outcome.flushRejected ?? outcome.metadataWriteFailed ?? outcome.dropped > 0,
    ));

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
  const { activity, flushed, dropped, profileError, flushRejected, metadataWriteFailed } = outcome;
  const parts = [
    metadataWriteFailed
      ? `${activity.type} delivered, but setAppMetadata failed: it will be sent again`
      : `${activity.type} delivered${figures}${flushed > 0 ? `, plus ${flushed} buffered` : ''}`,
    ...(profileError ? [`profile not set: ${profileError}`] : []),
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
const toDisposition = (outcome: FailedOutcome): string => {
  const { buffered, dropped } = outcome;
  if (buffered) return `buffered for retry${dropped > 0 ? `, ${dropped} older dropped` : ''}`;
  return isSentAgain(outcome) ? "will be sent again at the user's next login" : '';
};

const isSentAgain = ({ activity, reason }: FailedOutcome): boolean =>
  reason === 'rejected' && activity?.type === 'SignUp';

/** Leaves room for the names of the Action and of destinations in front of it. */
const PROBLEMS_LIMIT_CHARS = LINE_LIMIT_CHARS - 40;

const toProblems = ({ problems }: MisconfiguredOutcome): string => {
  const names = Object.keys(problems);
  if (names.length === 0) return 'no destination configured: set the secrets of at least one';
  const text = `Not configured: ${names.map((name) => `${name} ${problems[name]}`).join('; ')}`;
  if (text.length < PROBLEMS_LIMIT_CHARS) return text;
  const toList = (count: number) => {
    const others = names.length - count;
    return `Not configured, correct ${names.slice(0, count).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
  };
  let count = names.length;
  while (count > 1 && toList(count).length > PROBLEMS_LIMIT_CHARS) count -= 1;
  return toList(count);
};

type Cause = FailedOutcome | MisconfiguredOutcome;

const toMessage = (outcome: Cause): string =>
  outcome.status === 'failed' ? outcome.message : Object.keys(outcome.problems).join(' ');

const toCode = (outcome: Cause): string => (outcome.status === 'failed' ? outcome.code : '');

/** Every destination with its cause, under what becomes of the activity. */
const summarize = (outcomes: readonly Outcome[], toCause: (outcome: Cause) => string): string =>
  Array.from(groupBy(outcomes, toHeading), ([heading, group]) => {
    const causes = groupBy(group, (outcome) =>
      outcome.status === 'failed' || outcome.status === 'misconfigured' ? toCause(outcome) : '',
    );
    const parts = Array.from(causes, ([cause, same]) =>
      `${same.map(({ destination }) => destination).join('+')} ${cause}`.trim(),
    );
    return `${heading}: ${parts.join(', ')}`;
  }).join('; ');

const toHeading = (outcome: Outcome): string => {
  if (outcome.status === 'misconfigured') return 'Not configured';
  if (outcome.status !== 'failed') return 'With problems';
  const { activity, buffered } = outcome;
  const failed = `${activity?.type ?? 'Login'} failed`;
  if (buffered) return `${failed}, buffered for retry`;
  return isSentAgain(outcome) ? `${failed}, will be sent again` : failed;
};
