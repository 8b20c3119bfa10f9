/** What the server sends to the client, as JSON. It holds no credential: only the values of secrets that are not sensitive. */
import type { Change } from 'diff';
import type { Outcome } from '../../lib/outcome.ts';
import type { Kind } from '../simulator/auth0/event.ts';
import type { SecretGroup } from './secret-groups.ts';

export interface State {
  /** URL of the project's documentation. */
  readonly documentation: string;
  readonly users: ReadonlyArray<{ id: string; name: string; connection: string; logins: number }>;
  readonly applications: ReadonlyArray<{ id: string; name: string; isExcluded: boolean }>;
  readonly connections: readonly string[];
  readonly organizations: ReadonlyArray<{ id: string; name: string }>;
  /** The bound ones in the order of execution, and then the others. */
  readonly actions: readonly ActionState[];
  readonly destinations: readonly DestinationState[];
  /** The modes that a destination can have. */
  readonly modes: ReadonlyArray<{ value: string; label: string; description: string }>;
  /** The latest, newest first. */
  readonly logins: readonly LoginRow[];
  /** Including those that are no longer listed. */
  readonly loginsCount: number;
  /** What a reset would remove and nobody could restore with a click. */
  readonly edits: readonly string[];
  /** The random logins in progress. */
  readonly randomLogins: { readonly done: number; readonly total: number } | null;
}

export interface ActionState {
  readonly name: string;
  readonly isBound: boolean;
  /** Names of the destinations that it delivers to with its secrets. */
  readonly destinations: readonly string[];
  /** Whether it can deliver to several destinations. */
  readonly isCombined: boolean;
  /** How long it makes a login wait at most. */
  readonly deadlineMs: number;
  /** What is wrong with its secrets; '' if nothing is. */
  readonly problem: string;
  readonly secrets: readonly SecretState[];
}

export interface SecretState {
  readonly name: string;
  /** Markdown, of which only backticks are used. */
  readonly description: string;
  readonly isRequired: boolean;
  readonly isSet: boolean;
  /** Whether it was changed in the playground. */
  readonly isEdited: boolean;
  /** '' if there is none. */
  readonly defaultValue: string;
  readonly group: SecretGroup;
  /** Name of the destination that it belongs to; undefined for a setting. */
  readonly destination?: string;
  /** Whether its value is multi-line PEM. */
  readonly isPem: boolean;
  /** Whether every Action has it. */
  readonly isSetting: boolean;
  /** Absent if it is sensitive. */
  readonly value?: string;
  /** Its only values; empty unless they can be listed. */
  readonly choices: readonly string[];
}

export interface DestinationState {
  readonly name: string;
  readonly mode: string;
  readonly links: DestinationLinks;
  /** Whether the secrets of its Action point to another server than the mock vendor. */
  readonly isRedirected: boolean;
  readonly signUps: number;
  readonly logins: number;
  /** Activities that the destination had accepted before, by their id. */
  readonly duplicates: number;
  /** Activities that were not delivered when their login waited for it, by the code of the failure. */
  readonly failures: Readonly<Record<string, number>>;
  /** Whether the latest attempt failed. */
  readonly isFailing: boolean;
  /** Activities that wait to be sent again. */
  readonly buffered: number;
  /** Buffered activities that were delivered after a later one. */
  readonly flushed: number;
  /** Activities that are lost. */
  readonly dropped: number;
  /** When the next login probes the destination, in milliseconds since 1970; null while the circuit is closed. */
  readonly circuitOpenUntil: number | null;
  /** Of the requests that were accepted, in milliseconds; null until the first one. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  /** The latest, newest first. */
  readonly activities: readonly AcceptedActivity[];
  /** Activities without duplicates by the time of arrival, oldest first, up to now. */
  readonly chart: ReadonlyArray<{ signUps: number; logins: number }>;
}

export interface DestinationLinks {
  /** The destination's page in this project's documentation. */
  readonly documentation: string;
  /** The vendor's own documentation. */
  readonly vendor: string;
}

export interface AcceptedActivity {
  readonly key: string;
  /** ISO 8601. */
  readonly at: string;
  readonly type: 'SignUp' | 'Login';
  readonly user: string;
  readonly isDuplicate: boolean;
}

export interface LoginRow {
  readonly id: number;
  /** ISO 8601. */
  readonly at: string;
  readonly user: string;
  readonly application: string;
  /** Absent if no Action ran. */
  readonly connection?: string;
  readonly organization?: string;
  readonly kind: Kind;
  readonly isDenied: boolean;
  readonly durationMs: number;
  readonly runs: readonly RunRow[];
}

/** One Action in one login. */
export interface RunRow {
  readonly name: string;
  readonly durationMs: number;
  readonly deadlineMs: number;
  /** One for each destination. */
  readonly outcomes: readonly OutcomeRow[];
  /** What the Action threw. */
  readonly error?: string;
}

/** An outcome as the Action published it, without the activity but for its type. */
export type OutcomeRow = WithoutActivity<Outcome> & { readonly type?: 'SignUp' | 'Login' };

type WithoutActivity<T> = T extends unknown ? Omit<T, 'action' | 'activity'> : never;

export interface LoginDetails extends LoginRow {
  readonly errorDescription?: string;
  /** The difference that the login made to app_metadata, as lines of JSON. */
  readonly appMetadata: readonly Change[];
  readonly runs: readonly RunDetails[];
}

export interface RunDetails extends RunRow {
  readonly log: string;
  /** What was recorded, for each destination that got that far. */
  readonly activities: readonly ActivityDetails[];
  /** JSON, with masked secrets. */
  readonly event: string;
  readonly exchanges: readonly ExchangeDetails[];
}

/** The parts of an activity that are worth a look: name → value. What is absent or omitted is not among them. */
export interface ActivityDetails {
  readonly destination: string;
  readonly parts: Readonly<Record<string, string>>;
}

/** A request and its response, with masked credentials. */
export interface ExchangeDetails {
  /** Name of the destination; absent for a real one. */
  readonly destination?: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly startMs: number;
  readonly durationMs?: number;
  readonly status?: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string;
  readonly error?: string;
}
