/**
 * Many logins while the destinations injectFault at random, and then the accounts: what the tenant saw against what the
 * destinations have.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { loginId, signUpId } from '../../lib/activity.ts';
import type { ActionRun, Flow, Tenant } from './auth0/tenant.ts';
import { createSandbox } from './sandbox.ts';
import type { Fault, VendorMock } from './vendors/vendor-mock.ts';

export interface SoakOptions {
  readonly logins: number;
  readonly users: number;
  readonly seed: number;
  readonly onProgress?: (logins: number) => void;
}

export interface SoakReport {
  readonly seed: number;
  readonly logins: number;
  readonly users: number;
  readonly destinations: readonly Account[];
  readonly deadlineMs: number;
  /** The longest time that an Action made a login wait. */
  readonly slowestMs: number;
  /** The longest time that the machine was busy with something else meanwhile. */
  readonly lagMs: number;
  /** Of the process, after garbage collection. */
  readonly heapMb: { readonly start: number; readonly end: number };
  /** What contradicts the guarantees. */
  readonly problems: readonly string[];
}

/** What became of the activities for one destination. */
interface Account {
  readonly name: string;
  readonly signUps: number;
  readonly logins: number;
  /** Arrived more than once, with the same id. */
  readonly repeated: number;
  /** Logins that the destination refused: nothing is kept of them. */
  readonly refused: number;
  /** Kept for later, and then dropped because there were too many or because they were refused, too. */
  readonly dropped: number;
}

const DEADLINE_MS = 500;
const CONCURRENT_LOGINS = 6;
/** What a login may take beyond the deadline. */
const TOLERANCE_MS = 50;
const HEAP_GROWTH_LIMIT_MB = 32;
const ROUND_LOGINS = 200;
const FAULT_ONE_IN = 5;
/** Longer than a destination that is down is left alone. */
const PAUSE_MS = 31_000;
const MS_PER_SECOND = 1000;
const NS_PER_MS = 1e6;
const TENANT = 'local-tenant';
const APPLICATION = 'shop';
const CONNECTION = 'Username-Password-Authentication';

const FAULTS: readonly Fault[] = [
  { response: { status: 503, body: '{"text":"Server is busy"}' } },
  { response: { status: 500, body: '<html>Internal Server Error</html>' } },
  { response: { status: 429, headers: { 'Retry-After': '0' } } },
  { response: { status: 429, headers: { 'Retry-After': '60' } } },
  { response: { status: 401 } },
  { response: { status: 400 } },
  { reset: 'before' },
  { reset: 'after' },
  { reset: 'after', processed: true },
  { reset: 'body', processed: true },
  { trickleBytesPerSecond: 1, processed: true },
  { hang: true },
  { delayMs: 50 },
];

export const soak = async ({ logins, users, seed, onProgress }: SoakOptions): Promise<SoakReport> => {
  const generator = xoroshiro128plus(seed);
  const random = (limit: number) => uniformInt(generator, 0, limit - 1);
  const secrets = { LOG: 'all', DELIVERY_TIMEOUT_MS: String(DEADLINE_MS), KEENIO_LOGIN_COLLECTION: 'logins' };
  const stage = await createSandbox({ secrets });
  const clock = makeClock();
  const lag = monitorEventLoopDelay({ resolution: 10 });
  try {
    const { tenant, destinations } = stage;
    const ledgers = destinations.map(({ name }) => new Ledger(name));
    const userIds = populate(tenant, users);
    const problems: string[] = [];
    let done = 0;
    let slowestMs = 0;

    /** Logins of these users, several at a time. */
    const logIn = async (
      queue: string[],
      { before, after }: { before?: () => void; after?: (flow: Flow) => void } = {},
    ) => {
      const next = async (): Promise<void> => {
        const user = queue.pop();
        if (user === undefined) return;
        before?.();
        const flow = await tenant.login({ user, application: APPLICATION });
        for (const ledger of ledgers) ledger.enter(flow);
        if (flow.outcome !== 'completed') problems.push(`a login failed: ${flow.errorDescription}`);
        slowestMs = Math.max(slowestMs, ...flow.actions.map(({ durationMs }) => durationMs));
        after?.(flow);
        done += 1;
        onProgress?.(done);
        return next();
      };
      await Promise.all(Array.from({ length: CONCURRENT_LOGINS }, next));
      // What the destinations recorded is entered and forgotten, so that only the Actions' own memory can grow.
      for (const [index, destination] of destinations.entries()) {
        ledgers[index]?.receive(destination);
        destination.reset();
      }
    };
    const injectFault = () => {
      clock.advance(random(2 * MS_PER_SECOND));
      if (random(FAULT_ONE_IN) > 0) return;
      const fault = FAULTS[random(FAULTS.length)];
      // From a hiccup to an outage.
      destinations[random(destinations.length)]?.injectFault(fault, { count: 3 ** random(5) });
    };

    // Loading an Action takes longer than a login; that is not what is measured here.
    await logIn([userIds[0] ?? '']);
    const heapAtStart = heapMb();
    lag.enable();
    slowestMs = 0;
    for (let left = logins; left > 0; left -= ROUND_LOGINS) {
      const queue = Array.from({ length: Math.min(left, ROUND_LOGINS) }, () => userIds[random(users)] ?? '');
      await logIn(queue, { before: injectFault });
    }
    lag.disable();
    const allowedMs = DEADLINE_MS + TOLERANCE_MS + lag.max / NS_PER_MS;
    if (slowestMs > allowedMs) problems.push(`a login waited ${Math.round(slowestMs)} ms`);

    // Everything is well again, and each user comes back: for what is kept, for the mark, and then all are known.
    clock.advance(PAUSE_MS);
    await logIn([...userIds]);
    await logIn([...userIds]);
    const isLogin = ({ name, logs }: ActionRun) => logs.startsWith(`[${name}] Login delivered`);
    await logIn([...userIds], {
      after: ({ user, actions }) => {
        if (!actions.every(isLogin)) problems.push(`${user} is still not known everywhere`);
      },
    });

    const heapAtEnd = heapMb();
    if (heapAtEnd - heapAtStart > HEAP_GROWTH_LIMIT_MB) {
      problems.push(`the heap grew from ${heapAtStart} to ${heapAtEnd} MB`);
    }
    return {
      seed,
      logins: done,
      users,
      destinations: ledgers.map((ledger) => ledger.account()),
      deadlineMs: DEADLINE_MS,
      slowestMs: Math.round(slowestMs),
      lagMs: Math.round(lag.max / NS_PER_MS),
      heapMb: { start: heapAtStart, end: heapAtEnd },
      problems: [...problems, ...ledgers.flatMap((ledger) => ledger.problems(userIds))],
    };
  } finally {
    lag.disable();
    clock.restore();
    await stage.close();
  }
};

/** What is known of one destination: from the Actions' log lines, and from the destination itself. */
class Ledger {
  readonly #name: string;
  readonly #tried = new Set<string>();
  readonly #delivered = new Set<string>();
  readonly #kept = new Set<string>();
  readonly #arrived = new Map<string, { type: string; times: number }>();
  #refused = 0;
  #dropped = 0;

  constructor(name: string) {
    this.#name = name;
  }

  enter({ user, transaction, actions }: Flow): void {
    const logs = actions.find(({ name }) => name === this.#name)?.logs ?? '';
    const [, type, fate] = /^\[[\w-]+\] (SignUp|Login) (delivered|not delivered)/.exec(logs) ?? [];
    const id = type === 'SignUp' ? signUpId(TENANT, user) : loginId(TENANT, transaction);
    this.#tried.add(id);
    if (fate === 'delivered') this.#delivered.add(id);
    else if (logs.includes('; kept for later')) this.#kept.add(id);
    else if (type === 'Login') this.#refused += 1;
    for (const [, count] of logs.matchAll(/(\d+) (?:older|kept refused and) dropped/g))
      this.#dropped += Number(count);
  }

  receive({ events }: VendorMock): void {
    for (const { id, type } of events.filter((event) => event.type !== 'other')) {
      const { times } = this.#arrived.get(id) ?? { times: 0 };
      this.#arrived.set(id, { type, times: times + 1 });
    }
  }

  account(): Account {
    const arrived = [...this.#arrived.values()];
    const count = (counted: string) => arrived.filter(({ type }) => type === counted).length;
    return {
      name: this.#name,
      signUps: count('SignUp'),
      logins: count('Login'),
      repeated: arrived.filter(({ times }) => times > 1).length,
      refused: this.#refused,
      dropped: this.#dropped,
    };
  }

  problems(userIds: readonly string[]): string[] {
    const { signUps } = this.account();
    const lost = [...this.#delivered].filter((id) => !this.#arrived.has(id));
    const forgotten = [...this.#kept].filter((id) => !this.#arrived.has(id));
    const unknown = [...this.#arrived.keys()].filter((id) => !this.#tried.has(id));
    const missing = userIds.filter((user) => !this.#arrived.has(signUpId(TENANT, user)));
    return [
      ...(lost.length > 0
        ? [`${this.#name} lacks ${lost.length} activities that were said to be delivered`]
        : []),
      ...(forgotten.length > this.#dropped
        ? [`${this.#name} lacks ${forgotten.length} kept activities, ${this.#dropped} were dropped`]
        : []),
      ...(unknown.length > 0
        ? [`${this.#name} has ${unknown.length} activities that no log line tells of`]
        : []),
      ...(missing.length > 0 ? [`${this.#name} lacks the SignUp of ${missing.length} users`] : []),
      ...(signUps !== userIds.length
        ? [`${this.#name} has ${signUps} SignUps of ${userIds.length} users`]
        : []),
    ];
  }
}

const populate = (tenant: Tenant, users: number): string[] => {
  tenant.addApplication({ client_id: APPLICATION, name: 'Web shop' });
  tenant.addConnection({ id: 'con_1', name: CONNECTION, strategy: 'auth0' });
  return Array.from(
    { length: users },
    (_, index) =>
      tenant.addUser({ user_id: `auth0|${index}`, connection: CONNECTION, name: `User ${index}` }).user_id,
  );
};

/** Moves `Date.now`, so that the pause of an outage does not last in real time. */
const makeClock = () => {
  const now = Date.now;
  let aheadMs = 0;
  Date.now = () => now() + aheadMs;
  return {
    advance(ms: number) {
      aheadMs += ms;
    },
    restore() {
      Date.now = now;
    },
  };
};

/** Megabytes in use after garbage collection. */
const heapMb = (): number => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return Math.round(process.memoryUsage().heapUsed / 1e6);
};
