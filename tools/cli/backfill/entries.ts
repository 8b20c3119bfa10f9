/**
 * An entry of the tenant's log → Activity.
 * https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
 */
import type { Event } from '@auth0/actions/post-login/v3';
import * as v from 'valibot';
import { type Activity, signUpId, toLogin, toSignUp } from '../../../lib/activity.ts';

/** Successful logins, and sign-ups in databases and with passwordless connections. */
export const TYPES = ['s', 'ss'] as const;

const name = v.pipe(v.string(), v.nonEmpty());

/** What an activity cannot do without. Anything else is left out where it is not a text, as of an event. */
const Entry = v.looseObject({
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

export type Entry = v.InferOutput<typeof Entry>;

/** The entry, or which of its fields is odd: the name of the field and never its value, which may be personal. */
export const checkEntry = (raw: unknown): { entry: Entry } | { odd: string } => {
  const { success, output, issues } = v.safeParse(Entry, raw);
  return success ? { entry: output } : { odd: v.getDotPath(issues[0]) ?? 'the entry' };
};

/** A text field of something that need not be an entry at all. */
export const fieldOf = (raw: unknown, name: 'log_id' | 'type' | 'date'): string | undefined => {
  const value: unknown = Object(raw)[name];
  return typeof value === 'string' ? value : undefined;
};

/** Written as the event the Action saw, so that texts are read, and ids made, as the Action does. */
export const toActivity = (entry: Entry, tenant: string): Activity => {
  const { type, date, log_id, user_id, user_name, ip, user_agent, details } = entry;
  const event = {
    tenant: { id: tenant },
    user: { user_id, ...(isEmail(user_name) ? { email: user_name } : { name: user_name }) },
    client: { client_id: entry.client_id, name: entry.client_name },
    connection: { name: entry.connection, strategy: entry.strategy },
    organization: { id: entry.organization_id, name: entry.organization_name },
    request: { ip, user_agent },
    // Without a transaction nothing is recognised as the Action's, but a second backfill as the first.
    transaction: { id: details?.transaction_id || log_id },
  };
  const login = toLogin(event as unknown as Event, date);
  return type === 'ss' ? toSignUp(login, 0) : login;
};

/** Nearly always: `user_name` is the e-mail address where there is one. So leaving e-mails out leaves it out, too. */
const isEmail = (userName: unknown): boolean => typeof userName === 'string' && userName.includes('@');

const FIRST_LOGIN_WITHIN_MS = 60_000;

/**
 * A sign-up and the login that ends it are two entries of the log, and one SignUp of the Action. Knows of the sign-ups
 * of the last minute which ones still await that login. Where the log, which need not be in order, has the login before
 * the sign-up, both are recorded.
 */
export class FirstLogins {
  readonly #awaited: Map<string, number>;

  /** @param awaited what another instance told, to go on from there. */
  constructor(awaited: Readonly<Record<string, number>> = {}) {
    this.#awaited = new Map(Object.entries(awaited));
  }

  /** True if the activity is the login that ends a sign-up. */
  includes({ type, tenant, user, time }: Activity): boolean {
    const now = time.getTime();
    // An id, because this is written to a file, where user ids have no business.
    const id = signUpId(tenant, user.id);
    for (const [awaited, since] of this.#awaited) {
      if (now - since > FIRST_LOGIN_WITHIN_MS) this.#awaited.delete(awaited);
    }
    if (type === 'Login') return this.#awaited.delete(id);
    this.#awaited.set(id, now);
    return false;
  }

  /** By id of the SignUp. */
  get awaited(): Record<string, number> {
    return Object.fromEntries(this.#awaited);
  }
}
