/** One login: what is asked of the tenant, and what happened. */
import type { Event } from '@auth0/actions/post-login/v3';
import type { Outcome } from '../../../lib/outcome.ts';
import type { Kind, Protocol } from './event.ts';

export interface LoginRequest {
  /** user_id */
  user: string;
  /** client_id */
  application: string;
  /** Name; the user's own by default. */
  connection?: string;
  /** id */
  organization?: string;
  kind?: Kind;
  protocol?: Protocol;
  /** Names of the authentication methods; by default those of the connection and the user. */
  methods?: readonly string[];
  /** Overrides: ip, user_agent, geoip ... */
  request?: Partial<Event['request']>;
}

export interface ActionRun {
  name: string;
  durationMs: number;
  logs: string;
  outcomes: readonly Outcome[];
  error?: string;
  setAppMetadata: Array<{ key: string; value: unknown }>;
}

/** What happened in one login, as plain data. Logs and outcomes of an Action that exceeds the time limit are lost. */
export interface Flow {
  user: string;
  application: string;
  /** Id of the transaction: logins in a browser have one. */
  transaction?: string;
  kind: Kind;
  protocol: Protocol;
  startedAt: string;
  durationMs: number;
  outcome: 'completed' | 'access_denied';
  /** Visible to the end user. */
  errorDescription?: string;
  /** The Action that denied the login, or failed it. */
  deniedBy?: string;
  appMetadataBefore: unknown;
  appMetadataAfter: unknown;
  actions: ActionRun[];
}
