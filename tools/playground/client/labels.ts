/** How the playground formats values and names things. */
import type { Kind } from '../../simulator/auth0/event.ts';
import type { LoginRow, OutcomeRow, RunRow } from '../state.ts';

export const KINDS: Readonly<Record<Kind, string>> = {
  interactive: 'Interactive login',
  sso: 'Single sign-on',
  silent: 'Silent authentication',
  refresh: 'Refresh token',
};

/** Anything shorter would be shown as nothing at all. */
const SHORTEST_MS = 0.1;

export const formatMs = (ms: number): string => {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < SHORTEST_MS) return `<${SHORTEST_MS} ms`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
};

/** What the login form does with a user. Only a first login in which the user takes part is a sign-up. */
export const submitLabel = (kind: Kind, isNewUser: boolean): string => {
  if (kind === 'refresh') return 'Refresh the token';
  if (kind === 'silent') return 'Authenticate silently';
  return isNewUser ? 'Sign up' : 'Log in';
};

export const formatTime = (at: string): string => new Date(at).toLocaleTimeString([], { hour12: false });

export const formatCount = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

const isFailedOutcome = ({ status }: OutcomeRow): boolean =>
  status === 'failed' || status === 'misconfigured';

export const isFailed = ({ outcomes, error }: RunRow): boolean =>
  error !== undefined || outcomes.some(isFailedOutcome);

export const isSkipped = ({ outcomes }: RunRow): boolean =>
  outcomes.every(({ status }) => status === 'skipped');

export const isSignUp = ({ outcomes }: RunRow): boolean => outcomes.some(({ type }) => type === 'SignUp');

export const getFlushed = ({ outcomes }: RunRow): number =>
  outcomes.reduce((sum, outcome) => sum + (outcome.status === 'delivered' ? outcome.flushed : 0), 0);

/** An outcome in a word or two. */
export const statusLabel = (outcome: OutcomeRow): string => {
  if (outcome.status === 'delivered') return outcome.type ?? 'delivered';
  if (outcome.status === 'skipped') return 'skipped';
  if (outcome.status === 'misconfigured') return 'not configured';
  return failureLabel(outcome.code);
};

/** An HTTP status is its own label. */
export const failureLabel = (code: string): string => FAILURE_LABELS[code] ?? code;

const FAILURE_LABELS: Readonly<Record<string, string>> = {
  TIMEOUT: 'timeout',
  STALLED: 'no response yet',
  CIRCUIT_OPEN: 'circuit open',
  ECONNRESET: 'reset',
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'DNS failure',
  EAI_AGAIN: 'DNS failure',
  CERT_HAS_EXPIRED: 'expired',
  200: 'not accepted',
};

/** What an Action did, in a word or two: of several destinations, what they have in common. */
export const runLabel = ({ outcomes, error }: RunRow): string => {
  if (error !== undefined) return 'error';
  const labels = [...new Set(outcomes.map(statusLabel))];
  const [label = 'no outcome', ...others] = labels;
  if (others.length === 0) return label;
  const failed = outcomes.filter(isFailedOutcome).length;
  return failed > 0 ? `${failed} of ${outcomes.length} failed` : labels.join(', ');
};

/** What failed, and whether it waits to be sent again; '' for an Action without a failed activity. */
export const failureDetail = ({ outcomes }: RunRow): string => {
  const [outcome] = outcomes.filter(({ status }) => status === 'failed');
  if (outcome?.status !== 'failed' || outcomes.length > 1) return '';
  return `${outcome.type ?? 'Login'} ${outcome.buffered ? 'buffered' : 'failed'}`;
};

/** The same in a character or three, where many Actions stand side by side. */
export const runMark = (run: RunRow): string => {
  if (isFailed(run)) {
    const codes = run.outcomes.flatMap((outcome) => (outcome.status === 'failed' ? outcome.code : []));
    const [code = '', ...others] = new Set(codes);
    return others.length === 0 && /^\d{3}$/.test(code) ? code : '!';
  }
  if (run.outcomes.every(({ status }) => status === 'skipped')) return '–';
  return isSignUp(run) ? 'S' : 'L';
};

/** An outcome in a sentence. */
export const describeOutcome = (outcome: OutcomeRow): string => {
  const type = outcome.type ?? 'Login';
  switch (outcome.status) {
    case 'delivered':
      return joinParts(
        `${type} delivered in ${formatMs(outcome.elapsedMs)}`,
        outcome.attempts > 1 && `${outcome.attempts} attempts`,
        outcome.flushed > 0 && `${formatCount(outcome.flushed, 'buffered event')} flushed`,
        outcome.flushRejected &&
          `${formatCount(outcome.flushRejected.count, 'buffered event')} rejected and dropped`,
        outcome.metadataWriteFailed && 'setAppMetadata failed: it will be sent again',
      );
    case 'failed':
      return joinParts(
        `${type} failed: ${outcome.message}`,
        outcome.attempts > 1 && `${outcome.attempts} attempts`,
        outcome.buffered && 'buffered for retry',
        outcome.dropped > 0 && `${formatCount(outcome.dropped, 'older event')} dropped`,
        outcome.hint,
      );
    case 'skipped':
      return `Skipped: ${outcome.reason}`;
    case 'misconfigured': {
      const problems = Object.entries(outcome.problems).map((problem) => problem.join(' '));
      return `Not configured: ${problems.join('; ') || 'the secrets of at least one destination are missing'}`;
    }
  }
};

const joinParts = (...parts: ReadonlyArray<string | false | undefined>): string =>
  parts.filter(Boolean).join(' · ');

/** A login in a sentence, for screen readers. */
export const describeLogin = ({ user, kind, durationMs, isDenied, runs }: LoginRow): string => {
  const actions = runs.map((run) => `${run.name} ${runLabel(run)}`).join(', ') || 'no Action bound';
  const result = isDenied ? 'denied' : `completed in ${formatMs(durationMs)}`;
  return `${user}, ${KINDS[kind].toLowerCase()}: ${actions}; ${result}`;
};
