/**
 * The tenant's log, which keeps an entry or two of each flow.
 *
 * https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
 *
 * Not reproduced: entries of anything but flows, those of the token exchange that follows a login or replaces it
 * (`seacft`, `sepft`), the cause of a failure in the type of its entry, user agents in Auth0's wording
 * (`Firefox 140.0.0 / Linux 0.0.0`), and retention by days.
 */
import { randomBytes } from 'node:crypto';
import type { Event } from '@auth0/actions/post-login/v3';
import type { Flow, Kind } from './tenant.ts';

export interface LogEntry {
  log_id: string;
  /** ISO 8601. */
  date: string;
  type: string;
  [field: string]: unknown;
}

/** Entries by index, ascending by log_id and by date. */
export interface LogSource {
  readonly count: number;
  entry(index: number): LogEntry;
}

const KEPT_ENTRIES = 1_000;
/** A first login sooner than this after the user's creation is a part of the sign-up. */
const SIGN_UP_LASTS_MS = 60_000;

const LOG_TYPES: Record<Kind, { completed: string; failed: string }> = {
  interactive: { completed: 's', failed: 'f' },
  sso: { completed: 's', failed: 'f' },
  silent: { completed: 'ssa', failed: 'fsa' },
  refresh: { completed: 'sertft', failed: 'fertft' },
};

/** Ascending, as Auth0's are: the time, and a number that tells the entries of one millisecond apart. */
export const logId = (date: Date, number: number): string =>
  `900${date.toISOString().replace(/\D/g, '')}${String(number).padStart(36, '0')}`;

export class TenantLog implements LogSource {
  #entries: LogEntry[] = [];
  #number = 0;

  get count(): number {
    return this.#entries.length;
  }

  entry(index: number): LogEntry {
    const entry = this.#entries[index];
    if (!entry) throw new RangeError(`The log has no entry ${index}`);
    return entry;
  }

  record(flow: Flow, event: Event, date: Date): void {
    const { completed, failed } = LOG_TYPES[flow.kind];
    const types = [flow.outcome === 'completed' ? completed : failed];
    if (isSignUp(flow, event)) types.unshift('ss');
    const executions = flow.actions.length > 0 ? [randomBytes(24).toString('base64url')] : [];
    for (const type of types) {
      const fields = { log_id: logId(date, this.#number++), date: date.toISOString(), type };
      this.#entries.push({ ...fields, ...describe(type, flow, event, executions, date) });
    }
    if (this.#entries.length >= 2 * KEPT_ENTRIES) this.#entries = this.#entries.slice(-KEPT_ENTRIES);
  }
}

const isSignUp = ({ kind, startedAt }: Flow, { connection, stats, user }: Event): boolean =>
  kind === 'interactive' &&
  connection.strategy === 'auth0' &&
  stats.logins_count === 1 &&
  Date.parse(startedAt) - Date.parse(user.created_at) < SIGN_UP_LASTS_MS;

/** What an entry has depends on its type; tests hold this to Auth0's schemas of them. */
const describe = (type: string, flow: Flow, event: Event, executions: string[], date: Date) => {
  const { client, connection, organization, request, session, tenant, transaction, user } = event;
  const isLogin = type === 's' || type === 'f' || type === 'ss';
  const initiatedAt = Date.parse(flow.startedAt);

  return {
    description: flow.errorDescription ?? '',
    client_id: client.client_id,
    client_name: client.name,
    ip: request.ip,
    user_agent: request.user_agent,
    user_id: user.user_id,
    user_name: user.email ?? user.name ?? '',
    tenant_name: tenant.id,
    environment_name: 'local',
    ...(organization && { organization_id: organization.id, organization_name: organization.name }),
    ...(flow.kind === 'refresh'
      ? { audience: `https://${request.hostname}/userinfo` }
      : { hostname: request.hostname }),
    ...(flow.kind === 'silent'
      ? { session_connection: connection.name }
      : {
          connection: connection.name,
          connection_id: connection.id,
          strategy: connection.strategy,
          strategy_type: strategyType(connection),
        }),
    details: {
      initiatedAt,
      completedAt: date.getTime(),
      elapsedTime: date.getTime() - initiatedAt,
      ...(session?.id && { session_id: session.id }),
      ...(isLogin && transaction?.id && { transaction_id: transaction.id }),
      ...(executions.length > 0 && { actions: { executions } }),
      ...(type === 'ss' && {
        body: {
          client_id: client.client_id,
          connection: connection.name,
          email: user.email,
          tenant: tenant.id,
        },
      }),
    },
  };
};

const strategyType = ({ name, strategy }: Event['connection']): string => {
  if (strategy === 'auth0') return 'database';
  return strategy === name ? 'social' : 'enterprise';
};
