/** How the page names and writes things. */
import type { Kind } from '../../simulator/auth0/event.ts';
import type { LoginRow, RunRow } from '../state.ts';

export const KINDS: Readonly<Record<Kind, string>> = {
  interactive: 'Interactive login',
  sso: 'Single sign-on',
  silent: 'Silent authentication',
  refresh: 'Refresh token',
};

export const milliseconds = (ms: number): string => {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
};

export const clock = (at: string): string => new Date(at).toLocaleTimeString([], { hour12: false });

export const isBad = ({ outcome }: RunRow): boolean => outcome === 'failed' || outcome === 'not configured';

/** What came of an Action in a word or two. */
export const verdict = ({ outcome, type, answer }: RunRow): string => {
  if (outcome === 'delivered') return type ?? 'delivered';
  if (outcome === 'skipped') return 'skipped';
  if (outcome === 'not configured') return 'not set up';
  if (answer === '') return 'left alone';
  return /^\d+$/.test(answer) ? answer : (ERRORS[answer] ?? answer);
};

/** Codes of axios. */
const ERRORS: Readonly<Record<string, string>> = {
  ERR_CANCELED: 'no answer',
  ECONNRESET: 'reset',
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'no host',
};

/** For who does not see the table. */
export const summary = ({ user, kind, durationMs, isDenied, actions }: LoginRow): string => {
  const told = actions.map((run) => `${run.name} ${verdict(run)}`).join(', ');
  const end = isDenied ? 'refused' : `let in after ${milliseconds(durationMs)}`;
  return `${user}, ${KINDS[kind].toLowerCase()}: ${told || 'no Action'}; ${end}`;
};
