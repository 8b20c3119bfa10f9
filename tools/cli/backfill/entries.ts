/**
 * An entry of the tenant's log → Activity.
 * https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
 */
import * as v from 'valibot';
import { type Activity, signUpId } from '../../../lib/activity.ts';
import type { LoginEvent } from '../../../lib/login-event.ts';
import type { Path } from '../../../lib/properties.ts';

/** Successful logins, and sign-ups in databases and with passwordless connections. */
export const TYPES = ['s', 'ss'] as const;

const name = v.pipe(v.string(), v.nonEmpty());

/** What an activity cannot do without. Anything else is left out where it is not a string, as it is of an event. */
const LogEntry = v.looseObject({
  log_id: name,
  date: v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((text) => new Date(text)),
    v.date(),
  ),
  type: v.picklist(TYPES),
  user_id: name,
  details: v.nullish(v.looseObject({ transaction_id: v.nullish(v.string()) })),
});

export type LogEntry = v.InferOutput<typeof LogEntry>;

/** The entry, or the name of the malformed field: never its value, which may be personal data. */
export const parseEntry = (raw: unknown): { entry: LogEntry } | { malformed: string } => {
  const { success, output, issues } = v.safeParse(LogEntry, raw);
  return success ? { entry: output } : { malformed: v.getDotPath(issues[0]) ?? 'the entry' };
};

/** A string field of something that may be malformed. */
export const getField = (raw: unknown, name: 'log_id' | 'type' | 'date'): string | undefined => {
  const value: unknown = Object(raw)[name];
  return typeof value === 'string' ? value : undefined;
};

/** The event that the Action has seen, as far as the log has it. */
export const toEvent = (entry: LogEntry, tenant: string): LoginEvent => {
  const { log_id, user_id, user_name, ip, user_agent, hostname, details } = entry;
  return {
    tenant: { id: tenant },
    user: { user_id, ...(isEmail(user_name) ? { email: user_name } : { name: user_name }) },
    client: { client_id: entry.client_id, name: entry.client_name },
    connection: { name: entry.connection, strategy: entry.strategy },
    organization: { id: entry.organization_id, name: entry.organization_name },
    request: { ip, user_agent, hostname },
    // Without a transaction, an entry has at least the same id in every backfill.
    transaction: { id: details?.transaction_id || log_id },
  };
};

/** What `toEvent` gives the Action's own value of, by the path that a setting names. */
const LOGGED_PATHS = [
  'tenant.id',
  'user.user_id',
  'user.email',
  'client.client_id',
  'client.name',
  'connection.name',
  'connection.strategy',
  'organization.id',
  'organization.name',
  'request.ip',
  'request.user_agent',
  'request.hostname',
  'transaction.id',
];

export const isLogged = (path: Path): boolean => LOGGED_PATHS.includes(path.join('.'));

/** `user_name` is the email address where there is one, so omitting emails omits it as well. */
const isEmail = (userName: unknown): boolean => typeof userName === 'string' && userName.includes('@');

const FIRST_LOGIN_WITHIN_MS = 60_000;

/**
 * The sign-ups of the last minute whose first login is still to come. The two are two entries of the log, and one
 * SignUp of the Action. Where the log, which may be out of order, has the login first, both are recorded.
 */
export class PendingSignUps {
  readonly #pending: Map<string, number>;

  /** @param pending what another instance returned, to resume from. */
  constructor(pending: Readonly<Record<string, number>> = {}) {
    this.#pending = new Map(Object.entries(pending));
  }

  /** True if the activity is the first login of a sign-up. */
  isFirstLogin({ tenant, user, time }: Activity, type: Activity['type']): boolean {
    const now = time.getTime();
    // An id, because this is written to a file, which must not hold user ids.
    const id = signUpId(tenant, user.auth0Id);
    for (const [pending, since] of this.#pending) {
      if (now - since > FIRST_LOGIN_WITHIN_MS) this.#pending.delete(pending);
    }
    if (type === 'Login') return this.#pending.delete(id);
    this.#pending.set(id, now);
    return false;
  }

  /** Id of the SignUp → its time. */
  toRecord(): Record<string, number> {
    return Object.fromEntries(this.#pending);
  }
}
