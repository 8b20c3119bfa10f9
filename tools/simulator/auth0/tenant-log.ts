/**
 * The tenant log, which gets one or two entries for each flow.
 *
 * Limitations: entries for flows alone, none for the token exchange that follows or replaces a login (`seacft`, `sepft`);
 * the type of an entry does not show the cause of a failure, user agents are not in Auth0's wording (`Firefox 140.0.0 /
 * Linux 0.0.0`), and entries are retained by number, not by days.
 *
 * https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
 */
import { randomBytes } from 'node:crypto';
import type { Event } from '@auth0/actions/post-login/v3';
import type { Kind } from './event.ts';
import type { Flow } from './flow.ts';

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

const RETAINED_ENTRIES = 1_000;
/** A first login this soon after the user's creation is part of the sign-up. */
const SIGN_UP_DURATION_MS = 60_000;

const LOG_TYPES: Record<Kind, { completed: string; failed: string }> = {
  interactive: { completed: 's', failed: 'f' },
  sso: { completed: 's', failed: 'f' },
  silent: { completed: 'ssa', failed: 'fsa' },
  refresh: { completed: 'sertft', failed: 'fertft' },
};

/** Ascending, as Auth0's are: the time, and a number for the order within one millisecond. */
export const toLogId = (date: Date, number: number): string =>
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
      const fields = { log_id: toLogId(date, this.#number++), date: date.toISOString(), type };
      this.#entries.push({ ...fields, ...toFields(type, flow, event, executions, date) });
    }
    if (this.#entries.length >= 2 * RETAINED_ENTRIES) this.#entries = this.#entries.slice(-RETAINED_ENTRIES);
  }
}

const isSignUp = ({ kind, startedAt }: Flow, { connection, stats, user }: Event): boolean =>
  kind === 'interactive' &&
  connection.strategy === 'auth0' &&
  stats.logins_count === 1 &&
  Date.parse(startedAt) - Date.parse(user.created_at) < SIGN_UP_DURATION_MS;

/** The fields depend on the type of the entry; tests validate them against Auth0's schemas. */
const toFields = (type: string, flow: Flow, event: Event, executions: string[], date: Date) => {
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
          strategy_type: getStrategyType(connection),
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

const getStrategyType = ({ name, strategy }: Event['connection']): string => {
  if (strategy === 'auth0') return 'database';
  return strategy === name ? 'social' : 'enterprise';
};
