/** What the server tells the page, as JSON. No value of a secret is in it, but for the settings that are none. */
import type { Change } from 'diff';
import type { Kind } from '../simulator/auth0/event.ts';
import type { Outcome } from '../simulator/outcomes.ts';

export interface State {
  readonly users: ReadonlyArray<{ id: string; name: string; connection: string; logins: number }>;
  readonly applications: ReadonlyArray<{ id: string; name: string; isLeftOut: boolean }>;
  readonly connections: readonly string[];
  readonly organizations: ReadonlyArray<{ id: string; name: string }>;
  /** Bound ones first, in the order of the flow. */
  readonly actions: readonly ActionState[];
  readonly destinations: readonly DestinationState[];
  /** How a destination can be. */
  readonly modes: ReadonlyArray<{ value: string; label: string }>;
  /** The newest first. */
  readonly logins: readonly LoginRow[];
  /** How many logins there were, also those that are no longer listed. */
  readonly loginsCount: number;
  /** Many logins under way. */
  readonly run: { readonly done: number; readonly total: number } | null;
}

export interface ActionState {
  readonly name: string;
  readonly isBound: boolean;
  /** Names of the destinations that it can record at. */
  readonly records: readonly string[];
  /** What it has of what is wrong with its secrets, by their names; '' if nothing. */
  readonly problem: string;
  readonly deadlineMs: number;
  readonly secrets: readonly SecretState[];
}

export interface SecretState {
  readonly name: string;
  /** Markdown, of backticks alone. */
  readonly description: string;
  readonly isRequired: boolean;
  readonly isSet: boolean;
  /** Not as the local tenant set it up. */
  readonly isChanged: boolean;
  /** What counts where it is not set; '' if nothing does. */
  readonly fallback: string;
  /** Every Action understands it. */
  readonly isSetting: boolean;
  /** Of settings alone, but for HASH_KEY: no value of a secret leaves the server. */
  readonly value?: string;
  /** What it can be, if that is a choice. */
  readonly choices: readonly string[];
}

export interface DestinationState {
  readonly name: string;
  /** The value of one of the modes. */
  readonly mode: string;
  /** No Action sends to it: the one of its name has another address. */
  readonly isBypassed: boolean;
  readonly signUps: number;
  readonly logins: number;
  /** Activities that it had before, by their id. */
  readonly repeated: number;
  /** Milliseconds; empty as long as it was sent nothing. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  /** The newest first. */
  readonly activities: readonly AcceptedActivity[];
  /** Activities that it has not had before, by the time of arrival: the oldest first, up to now. */
  readonly chart: ReadonlyArray<{ signUps: number; logins: number }>;
}

export interface AcceptedActivity {
  readonly key: string;
  readonly at: string;
  readonly type: 'SignUp' | 'Login';
  readonly user: string;
  readonly isRepeated: boolean;
}

export interface LoginRow {
  readonly id: number;
  /** ISO 8601. */
  readonly at: string;
  readonly user: string;
  readonly application: string;
  readonly kind: Kind;
  readonly isDenied: boolean;
  readonly durationMs: number;
  readonly actions: readonly RunRow[];
}

export interface RunRow {
  readonly name: string;
  readonly durationMs: number;
  readonly deadlineMs: number;
  readonly outcome: Outcome;
  /** What it was recorded as, or was to be. */
  readonly type?: 'SignUp' | 'Login';
  /** How many kept activities went along. */
  readonly along: number;
  /** The status, or why there was none, of the first request that failed, if one did; '' where nothing was sent. */
  readonly answer: string;
}

export interface LoginDetails extends LoginRow {
  readonly errorDescription?: string;
  /** app_metadata before and after the login, as lines of JSON. */
  readonly appMetadata: readonly Change[];
  readonly runs: readonly RunDetails[];
}

export interface RunDetails extends RunRow {
  readonly log: string;
  /** JSON. */
  readonly event: string;
  readonly exchanges: readonly ExchangeDetails[];
}

export interface ExchangeDetails {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly startMs: number;
  readonly durationMs?: number;
  readonly status?: number;
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly answer: string;
  readonly error?: string;
}
