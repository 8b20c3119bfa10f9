/**
 * Runs many logins while the mock vendors fail at random, and then compares what the Actions published with what the vendors
 * received.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { signUpId } from '../../lib/activity.ts';
import { RESET_TIMEOUT_MS } from '../../lib/circuit-breaker.ts';
import type { Outcome } from '../../lib/outcome.ts';
import type { Flow } from './auth0/flow.ts';
import type { Tenant } from './auth0/tenant.ts';
import { createSandbox } from './sandbox.ts';
import type { Fault } from './vendors/fault.ts';
import type { VendorMock } from './vendors/vendor-mock.ts';

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
  readonly destinations: readonly DestinationTotals[];
  readonly deadlineMs: number;
  /** The longest time that an Action made a login wait. */
  readonly slowestMs: number;
  /** The longest delay of the event loop meanwhile. */
  readonly lagMs: number;
  /** After garbage collection. */
  readonly heapMb: { readonly start: number; readonly end: number };
  /** Each contradicts a guarantee. */
  readonly problems: readonly string[];
}

/** Numbers of activities at one destination. */
export interface DestinationTotals {
  readonly name: string;
  readonly signUps: number;
  readonly logins: number;
  /** Received more than once, with the same id. */
  readonly duplicates: number;
  /** Logins that the destination rejected: they are not buffered. */
  readonly rejected: number;
  /** Buffered, and then dropped because there were too many or because they were rejected. */
  readonly dropped: number;
}

const DEADLINE_MS = 500;
const CONCURRENT_LOGINS = 6;
/** How long a login may take after the deadline. */
const TOLERANCE_MS = 50;
const HEAP_GROWTH_LIMIT_MB = 32;
const ROUND_LOGINS = 200;
const LOGINS_PER_FAULT = 5;
/** Longer than a circuit stays open. */
const RECOVERY_MS = RESET_TIMEOUT_MS + 1000;
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
  const secrets = {
    LOG: 'all',
    DELIVERY_TIMEOUT_MS: String(DEADLINE_MS),
    KEENIO_LOGIN_COLLECTION: 'logins',
    SLACK_LOGINS: 'true',
  };
  const sandbox = await createSandbox({ secrets });
  const clock = createClock();
  const lag = monitorEventLoopDelay({ resolution: 10 });
  try {
    const { tenant, mocks } = sandbox;
    const ledgers = mocks.map(({ name }) => new Ledger(name));
    const userIds = addUsers(tenant, users);
    const problems: string[] = [];
    let done = 0;
    let slowestMs = 0;

    /** Logs these users in, several concurrently. */
    const logIn = async (
      queue: string[],
      { before, after }: { before?: () => void; after?: (flow: Flow) => void } = {},
    ) => {
      const next = async (): Promise<void> => {
        const user = queue.pop();
        if (user === undefined) return;
        before?.();
        const flow = await tenant.login({ user, application: APPLICATION });
        for (const ledger of ledgers) ledger.recordFlow(flow);
        if (flow.outcome !== 'completed') problems.push(`a login failed: ${flow.errorDescription}`);
        slowestMs = Math.max(slowestMs, ...flow.actions.map(({ durationMs }) => durationMs));
        after?.(flow);
        done += 1;
        onProgress?.(done);
        return next();
      };
      await Promise.all(Array.from({ length: CONCURRENT_LOGINS }, next));
      // The mocks forget what the ledgers have recorded, so that only the memory of the Actions can grow.
      for (const [index, mock] of mocks.entries()) {
        ledgers[index]?.recordEvents(mock);
        mock.reset();
      }
    };
    const injectRandomFault = () => {
      clock.advance(random(2 * MS_PER_SECOND));
      if (random(LOGINS_PER_FAULT) > 0) return;
      const fault = FAULTS[random(FAULTS.length)];
      // From a hiccup to an outage.
      mocks[random(mocks.length)]?.injectFault(fault, { count: 3 ** random(5) });
    };

    // The first login loads the Actions, which is not measured here.
    await logIn([userIds[0] ?? '']);
    const heapAtStart = heapMb();
    lag.enable();
    slowestMs = 0;
    for (let remaining = logins; remaining > 0; remaining -= ROUND_LOGINS) {
      const queue = Array.from(
        { length: Math.min(remaining, ROUND_LOGINS) },
        () => userIds[random(users)] ?? '',
      );
      await logIn(queue, { before: injectRandomFault });
    }
    lag.disable();
    const limitMs = DEADLINE_MS + TOLERANCE_MS + lag.max / NS_PER_MS;
    if (slowestMs > limitMs) problems.push(`a login waited ${Math.round(slowestMs)} ms`);

    // Without faults each user comes back: the first time flushes the buffers, then every SignUp has been delivered.
    clock.advance(RECOVERY_MS);
    await logIn([...userIds]);
    await logIn([...userIds]);
    await logIn([...userIds], {
      after: ({ user, actions }) => {
        const outcomes = actions.flatMap((action) => action.outcomes);
        if (outcomes.length !== mocks.length || !outcomes.every(isLoginDelivered)) {
          problems.push(`a Login of ${user} was not delivered everywhere`);
        }
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
      destinations: ledgers.map((ledger) => ledger.totals()),
      deadlineMs: DEADLINE_MS,
      slowestMs: Math.round(slowestMs),
      lagMs: Math.round(lag.max / NS_PER_MS),
      heapMb: { start: heapAtStart, end: heapAtEnd },
      problems: [...problems, ...ledgers.flatMap((ledger) => ledger.problems(userIds))],
    };
  } finally {
    lag.disable();
    clock.restore();
    await sandbox.close();
  }
};

const isLoginDelivered = (outcome: Outcome): boolean =>
  outcome.status === 'delivered' && outcome.activity.type === 'Login';

/** What the Actions published about one destination, and what the destination received. */
class Ledger {
  readonly #name: string;
  readonly #attempted = new Set<string>();
  readonly #delivered = new Set<string>();
  readonly #buffered = new Set<string>();
  readonly #received = new Map<string, { type: string; times: number }>();
  #rejected = 0;
  #dropped = 0;

  constructor(name: string) {
    this.#name = name;
  }

  recordFlow({ actions }: Flow): void {
    const outcomes = actions.flatMap((action) => action.outcomes);
    const outcome = outcomes.find(({ destination }) => destination === this.#name);
    if (!outcome?.activity) return;
    const { id, type } = outcome.activity;
    this.#attempted.add(id);
    if (outcome.status === 'delivered') {
      this.#delivered.add(id);
      this.#dropped += outcome.dropped + (outcome.flushRejected?.count ?? 0);
    } else if (outcome.status === 'failed') {
      if (outcome.buffered) this.#buffered.add(id);
      else if (type === 'Login') this.#rejected += 1;
      this.#dropped += outcome.dropped;
    }
  }

  recordEvents({ events }: VendorMock): void {
    for (const { id, type } of events.filter((event) => event.type !== 'other')) {
      const { times } = this.#received.get(id) ?? { times: 0 };
      this.#received.set(id, { type, times: times + 1 });
    }
  }

  totals(): DestinationTotals {
    const received = [...this.#received.values()];
    const count = (counted: string) => received.filter(({ type }) => type === counted).length;
    return {
      name: this.#name,
      signUps: count('SignUp'),
      logins: count('Login'),
      duplicates: received.filter(({ times }) => times > 1).length,
      rejected: this.#rejected,
      dropped: this.#dropped,
    };
  }

  problems(userIds: readonly string[]): string[] {
    const isLost = (id: string) => !this.#received.has(id);
    const { signUps } = this.totals();
    const undelivered = [...this.#delivered].filter(isLost).length;
    const unflushed = [...this.#buffered].filter(isLost).length;
    const unexpected = [...this.#received.keys()].filter((id) => !this.#attempted.has(id)).length;
    const missing = userIds.filter((user) => isLost(signUpId(TENANT, user))).length;
    const findings: ReadonlyArray<readonly [boolean, string]> = [
      [undelivered > 0, `lacks ${undelivered} activities that were reported as delivered`],
      [
        unflushed > this.#dropped,
        `lacks ${unflushed} buffered activities, of which only ${this.#dropped} were dropped`,
      ],
      [unexpected > 0, `has ${unexpected} activities that no Action reported`],
      [missing > 0, `lacks the SignUp of ${missing} users`],
      [signUps !== userIds.length, `has ${signUps} SignUps of ${userIds.length} users`],
    ];
    return findings.flatMap(([isProblem, text]) => (isProblem ? [`${this.#name} ${text}`] : []));
  }
}

const addUsers = (tenant: Tenant, users: number): string[] => {
  tenant.addApplication({ client_id: APPLICATION, name: 'Web shop' });
  tenant.addConnection({ id: 'con_1', name: CONNECTION, strategy: 'auth0' });
  return Array.from(
    { length: users },
    (_, index) =>
      tenant.addUser({ user_id: `auth0|${index}`, connection: CONNECTION, name: `User ${index}` }).user_id,
  );
};

/** Moves `Date.now`, so that nobody waits for an open circuit. */
const createClock = () => {
  const now = Date.now;
  let offsetMs = 0;
  Date.now = () => now() + offsetMs;
  return {
    advance(ms: number) {
      offsetMs += ms;
    },
    restore() {
      Date.now = now;
    },
  };
};

/** Used megabytes after garbage collection. */
const heapMb = (): number => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return Math.round(process.memoryUsage().heapUsed / 1e6);
};
