import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, vi } from 'vitest';
import type { Activity } from '../../lib/activity.ts';
import { CircuitBreaker, FAILURE_THRESHOLD, RESET_TIMEOUT_MS } from '../../lib/circuit-breaker.ts';
import { type Delivery, Destination, deliver } from '../../lib/deliver.ts';
import { DeliveryError, rejectAt, UnavailableError } from '../../lib/errors.ts';
import { BUFFER_LIMIT, RetryBuffer } from '../../lib/retry-buffer.ts';
import type { Settings } from '../../lib/settings.ts';
import { defineSink } from '../../lib/sink.ts';
import { resetClock, settle, useFakeClock } from '../support/clock.ts';
import { never, type Response, sleep, useNetwork } from './network.ts';
import { property } from './property.ts';

useFakeClock();

const TIMEOUT_MS = 3000;
/** Promised on top of the deadline. */
const GRACE_MS = 50;

/** One configuration of the Action: a change of secrets makes another. */
type Configuration = Settings & { readonly number: number };

const configurations = [0, 1, 2].map(
  (number) => ({ DELIVERY_TIMEOUT_MS: TIMEOUT_MS, ON_FAILURE: 'continue', number }) as Configuration,
);

const getConfiguration = (number: number): Configuration => configurations[number] as Configuration;

/** Carries the number of its configuration as its tenant. */
const toActivity = (id: string, type: Activity['type'], configuration: number): Activity =>
  ({
    id,
    type,
    time: new Date(),
    tenant: String(configuration),
    user: { id },
    application: {},
    connection: {},
    organization: {},
    request: {},
  }) as Activity;

/** What the vendor does with a request that holds some activities. */
type OnRequest = (activities: readonly Activity[], signal: AbortSignal) => Promise<Response>;

let onRequest: OnRequest = never;

useNetwork(({ body, signal }) => onRequest(JSON.parse(body, toDate), signal));

const toDate = (name: string, value: unknown): unknown => (name === 'time' ? new Date(String(value)) : value);

const Rejection = v.object({ rejected: v.array(v.number()), acceptsOthers: v.boolean() });

/** A destination, and what its vendor has accepted. */
class Target {
  /** Ids, in the order of their acceptance. */
  readonly accepted: string[] = [];
  /** Ids of activities that were sent with the secrets of another configuration. */
  readonly misdirected: string[] = [];
  readonly destination: Destination;

  constructor(batchLimit: number) {
    const sink = defineSink({
      name: 'target',
      title: 'Target',
      docs: [],
      secrets: {},
      batchLimit,
      toPayload: (activity) => activity,
      send: async (activities, secrets, http) => {
        const { number } = secrets as unknown as Configuration;
        const misdirected = activities.filter(({ tenant }) => tenant !== String(number));
        this.misdirected.push(...misdirected.map(({ id }) => id));
        const request = { url: 'https://target.invalid', headers: {}, body: JSON.stringify(activities) };
        await http(request).catch((error) => {
          throw toSinkError(error, activities);
        });
      },
    });
    this.destination = new Destination(sink);
  }

  accept(activities: readonly Activity[]): Response {
    this.accepted.push(...activities.map(({ id }) => id));
    return { status: 200, body: '' };
  }
}

/** As sinks read the responses of their vendors. */
const toSinkError = (error: unknown, activities: readonly Activity[]): unknown => {
  if (!(error instanceof DeliveryError)) return error;
  if (error.status === 418) return new TypeError('a mistake in the sink');
  if (error.status === 429) return new UnavailableError('later', { status: 429, isOutage: false });
  const { success, output } = v.safeParse(Rejection, error.body);
  if (!success) return error;
  const details = { message: 'some were rejected', othersAccepted: output.acceptsOthers };
  return rejectAt(activities, output.rejected, details);
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** How far the clock is set forward, or back. */
const jumpMs = fc.oneof(fc.integer({ min: -40_000, max: 40_000 }), fc.constantFrom(-DAY_MS, DAY_MS));

const batchLimit = fc.constantFrom(1, 2, 3, 50, Infinity);

describe('CircuitBreaker', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom('allow', 'fail', 'succeed'), ms: fc.constant(0) }),
    fc.record({ kind: fc.constant('wait'), ms: fc.nat(2 * RESET_TIMEOUT_MS) }),
    fc.record({ kind: fc.constant('jump'), ms: fc.integer({ min: -DAY_MS, max: DAY_MS }) }),
  );

  const run = (breaker: CircuitBreaker, { kind, ms }: { kind: string; ms: number }): void => {
    if (kind === 'allow') breaker.allowRequest();
    if (kind === 'fail') breaker.recordFailure();
    if (kind === 'succeed') breaker.recordSuccess();
    if (kind === 'wait') vi.advanceTimersByTime(ms);
    if (kind === 'jump') vi.setSystemTime(Date.now() + ms);
  };

  property(
    'allows a request within the reset timeout, wherever the clock jumps',
    fc.tuple(fc.array(step), jumpMs),
    ([steps, jumpMs]) => {
      resetClock();
      const breaker = new CircuitBreaker();
      for (const step of steps) run(breaker, step);
      vi.setSystemTime(Date.now() + jumpMs);
      vi.advanceTimersByTime(RESET_TIMEOUT_MS);
      expect(breaker.allowRequest()).toBe(true);
    },
    { runs: 500 },
  );

  property(
    'allows one request at a time after the reset timeout',
    fc.tuple(fc.array(step), fc.nat(RESET_TIMEOUT_MS - 1)),
    ([steps, waitMs]) => {
      resetClock();
      const breaker = new CircuitBreaker();
      for (const step of steps) run(breaker, step);
      for (let failures = 0; failures < FAILURE_THRESHOLD; failures += 1) breaker.recordFailure();
      expect(breaker.allowRequest()).toBe(false);
      vi.advanceTimersByTime(RESET_TIMEOUT_MS);
      expect(breaker.allowRequest()).toBe(true);
      vi.advanceTimersByTime(waitMs);
      expect(breaker.allowRequest()).toBe(false);
      breaker.recordSuccess();
      expect(breaker.allowRequest()).toBe(true);
    },
  );
});

describe('RetryBuffer', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('add'),
        count: fc.nat(BUFFER_LIMIT + 20),
        first: fc.nat(500),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('take'), count: fc.integer({ min: 1, max: 300 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('bisect', 'remove'), batch: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.nat(1000) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('close') }) },
  );
  type Step = { kind: string; count?: number; first?: number; batch?: number; ms?: number };

  property(
    'holds no more than its limit, and neither loses nor invents an activity',
    fc.array(step, { maxLength: 20, size: 'medium' }) as fc.Arbitrary<Step[]>,
    (steps) => {
      resetClock();
      const buffer = new RetryBuffer();
      const inFlight: Array<readonly Activity[]> = [];
      const known = new Set<string>();
      let isClosed = false;
      let dropped = 0;
      for (const { kind, count = 0, first = 0, batch: index = 0, ms = 0 } of steps) {
        if (kind === 'wait') vi.advanceTimersByTime(ms);
        if (kind === 'add') {
          for (let number = first; number < first + count; number += 1) {
            const id = String(number);
            // What is added again while it waits, or is in flight, is the same activity.
            if (buffer.add(toActivity(id, number % 3 === 0 ? 'SignUp' : 'Login', 0))) known.add(id);
          }
        }
        if (kind === 'close') {
          isClosed = true;
          buffer.close();
        }
        if (kind === 'take') inFlight.push(buffer.takeBatch(count));
        const [batch = []] = kind === 'bisect' || kind === 'remove' ? inFlight.splice(index, 1) : [];
        if (kind === 'bisect') buffer.bisect(batch);
        if (kind === 'remove') {
          buffer.remove(batch);
          for (const { id } of batch) known.delete(id);
        }
        expect(buffer.size).toBeLessThanOrEqual(BUFFER_LIMIT);
        dropped += buffer.droppedSinceLastCall();
      }
      for (const batch of inFlight) buffer.bisect(batch);
      dropped += buffer.droppedSinceLastCall();
      const waiting = drain(buffer);
      expect(new Set(waiting).size).toBe(waiting.length);
      expect(waiting.every((id) => known.has(id) && !isClosed)).toBe(true);
      expect(known.size - waiting.length).toBeLessThanOrEqual(dropped);
    },
    { runs: 30 },
  );

  const drain = (buffer: RetryBuffer): string[] => {
    const ids: string[] = [];
    while (buffer.size > 0) ids.push(...buffer.takeBatch().map(({ id }) => id));
    return ids;
  };
});

describe('deliver, one login after the other', () => {
  type Mode = 'accepts' | 'fails' | 'hangs' | 'rejects';

  /** What the README and the design promise, without batches, retries and promises. */
  class Model {
    readonly waiting = new Map<string, Activity>();
    readonly accepted: string[] = [];
    failures = 0;
    openedAt = { wall: 0, monotonic: 0 };
    configuration = 0;
    bufferedUnder = 0;
    logins = 0;

    get isOpen(): boolean {
      const wallMs = Date.now() - this.openedAt.wall;
      const monotonicMs = performance.now() - this.openedAt.monotonic;
      const isInTime = wallMs >= 0 && Math.max(wallMs, monotonicMs) < RESET_TIMEOUT_MS;
      return this.failures >= FAILURE_THRESHOLD && isInTime;
    }

    changeConfiguration(): number {
      if (this.bufferedUnder === this.configuration) return 0;
      const dropped = this.waiting.size;
      this.waiting.clear();
      this.failures = 0;
      this.bufferedUnder = this.configuration;
      return dropped;
    }

    /** The oldest is dropped first, Logins before SignUps. */
    buffer(activity: Activity): number {
      this.waiting.delete(activity.id);
      this.waiting.set(activity.id, activity);
      if (this.waiting.size <= BUFFER_LIMIT) return 0;
      const [first] = [...this.waiting.values()].sort(
        (a, b) => a.type.localeCompare(b.type) || a.time.getTime() - b.time.getTime(),
      );
      this.waiting.delete(first?.id ?? '');
      return 1;
    }
  }

  interface Real {
    mode: Mode;
    readonly target: Target;
  }

  type Command = fc.AsyncCommand<Model, Real>;

  const isAlwaysPossible = () => true;

  const logIn = async (model: Model, { target, mode }: Real, activity: Activity): Promise<void> => {
    const configuration = getConfiguration(model.configuration);
    let dropped = model.changeConfiguration();
    const isOpen = model.isOpen;
    if (!isOpen) model.waiting.delete(activity.id);

    const startedAt = performance.now();
    const delivery = await settle(deliver(target.destination, activity, configuration));
    const waitedMs = performance.now() - startedAt;

    if (!isOpen && (mode === 'accepts' || mode === 'rejects')) model.failures = 0;
    if (isOpen || mode === 'fails' || mode === 'hangs') {
      if (!isOpen) {
        model.failures += 1;
        model.openedAt = { wall: Date.now(), monotonic: performance.now() };
      }
      dropped += model.buffer(activity);
      const error = isOpen
        ? { code: 'CIRCUIT_OPEN' }
        : mode === 'hangs'
          ? { code: 'TIMEOUT' }
          : { status: 503 };
      expect(delivery).toMatchObject({ buffered: true, dropped, error });
    } else if (mode === 'rejects') {
      expect(delivery).toMatchObject({ buffered: false, dropped, error: { name: 'RejectedError' } });
    } else {
      expect(delivery).toMatchObject({ attempts: 1, flushed: model.waiting.size, dropped });
      model.accepted.push(activity.id, ...model.waiting.keys());
      model.waiting.clear();
    }
    expect(waitedMs).toBeLessThanOrEqual(isOpen ? 0 : TIMEOUT_MS + GRACE_MS);
    expect(target.destination.buffer.size).toBe(model.waiting.size);
  };

  class LogIn implements Command {
    readonly check = isAlwaysPossible;
    readonly user: number;
    readonly type: Activity['type'];

    constructor(user: number, type: Activity['type']) {
      this.user = user;
      this.type = type;
    }

    async run(model: Model, real: Real): Promise<void> {
      const id = `${this.type} of user ${this.user}, ${model.configuration}`;
      await logIn(model, real, toActivity(id, this.type, model.configuration));
    }

    toString = (): string => `logIn(${this.user}, ${this.type})`;
  }

  class LogInMany implements Command {
    readonly check = isAlwaysPossible;
    readonly count: number;

    constructor(count: number) {
      this.count = count;
    }

    async run(model: Model, real: Real): Promise<void> {
      for (let index = 0; index < this.count; index += 1) {
        model.logins += 1;
        const type = model.logins % 7 === 0 ? 'SignUp' : 'Login';
        await logIn(model, real, toActivity(`many ${model.logins}`, type, model.configuration));
      }
    }

    toString = (): string => `logInMany(${this.count})`;
  }

  class Do implements Command {
    readonly check = isAlwaysPossible;
    readonly name: string;
    readonly work: (model: Model, real: Real) => void;

    constructor(name: string, work: (model: Model, real: Real) => void) {
      this.name = name;
      this.work = work;
    }

    async run(model: Model, real: Real): Promise<void> {
      this.work(model, real);
    }

    toString = (): string => this.name;
  }

  const setMode = (mode: Mode) => new Do(`vendor ${mode}`, (_, real) => Object.assign(real, { mode }));
  const wait = (ms: number) => new Do(`wait(${ms})`, () => void vi.advanceTimersByTime(ms));
  const setClock = (ms: number) => new Do(`setClock(${ms})`, () => void vi.setSystemTime(Date.now() + ms));
  const setSecrets = (configuration: number) =>
    new Do(`setSecrets(${configuration})`, (model) => Object.assign(model, { configuration }));

  const commands = fc.commands<Model, Real, false>(
    [
      fc.tuple(fc.nat(4), fc.constantFrom('SignUp', 'Login')).map(([user, type]) => new LogIn(user, type)),
      fc.tuple(fc.nat(4), fc.constantFrom('SignUp', 'Login')).map(([user, type]) => new LogIn(user, type)),
      fc.constantFrom<Mode>('accepts', 'fails', 'hangs', 'rejects').map(setMode),
      fc.integer({ min: 1, max: 40_000 }).map(wait),
      jumpMs.map(setClock),
      fc.constantFrom(2, 5, BUFFER_LIMIT + 5).map((count) => new LogInMany(count)),
      fc.nat(2).map(setSecrets),
    ] as fc.Arbitrary<Command>[],
    { size: '+1' },
  );

  const RESPONSES = {
    fails: { status: 503, body: '' },
    rejects: { status: 400, body: '' },
  };

  property(
    'does what a simple model does',
    fc.tuple(batchLimit, commands),
    async ([limit, commands]) => {
      resetClock();
      const real: Real = { mode: 'accepts', target: new Target(limit) };
      const model = new Model();
      onRequest = async (activities) => {
        if (real.mode === 'accepts') return real.target.accept(activities);
        return real.mode === 'hangs' ? never() : RESPONSES[real.mode];
      };
      await fc.asyncModelRun(() => ({ model, real }), commands);
      expect(real.target.accepted.toSorted()).toEqual(model.accepted.toSorted());
      expect(real.target.misdirected).toEqual([]);
    },
    { runs: 12 },
  );
});

describe('deliver, after an outage', () => {
  property(
    'delivers everything but the activities that the vendor rejects, and reports those',
    fc.record({
      count: fc.integer({ min: 1, max: BUFFER_LIMIT }),
      poison: fc.uniqueArray(fc.nat(BUFFER_LIMIT - 1), { maxLength: 4 }),
      /** Whether a batch with a poisoned activity is rejected, or is always too much for the vendor. */
      isUnavailable: fc.boolean(),
      limit: batchLimit,
    }),
    async ({ count, poison, isUnavailable, limit }) => {
      resetClock();
      const target = new Target(limit);
      const ids = Array.from({ length: count }, (_, index) => `activity ${index}`);
      const poisoned = ids.filter((_, index) => poison.includes(index));
      target.destination.useConfiguration(getConfiguration(0));
      for (const id of ids) target.destination.buffer.add(toActivity(id, 'Login', 0));
      onRequest = async (activities) => {
        if (!activities.some(({ id }) => poisoned.includes(id))) return target.accept(activities);
        return { status: isUnavailable && activities.length > 1 ? 503 : 400, body: '' };
      };
      const rejected: string[] = [];
      // Each login finds one half of a batch at least, and the circuit of batches may be open.
      const logins =
        Math.ceil(count / Math.min(limit, count)) + 2 * poisoned.length * (Math.log2(count) + 2) + 1;
      for (let login = 0; login < logins; login += 1) {
        vi.advanceTimersByTime(RESET_TIMEOUT_MS);
        const activity = toActivity(`login ${login}`, 'Login', 0);
        const delivery = await settle(deliver(target.destination, activity, getConfiguration(0)));
        expect(delivery).not.toHaveProperty('error');
        if ('flushRejection' in delivery)
          rejected.push(...(delivery.flushRejection?.activities ?? []).map(({ id }) => id));
      }
      expect(target.destination.buffer.size).toBe(0);
      expect(rejected.toSorted()).toEqual(poisoned.toSorted());
      expect(target.accepted.filter((id) => id.startsWith('activity')).toSorted()).toEqual(
        ids.filter((id) => !poisoned.includes(id)).toSorted(),
      );
    },
    { runs: 20 },
  );
});

describe('deliver, with a slow vendor', () => {
  /** Flushing starts no request later, and each may take so long or twice as long as the delivery. */
  const FLUSH_MS = 100;
  const FLUSH_REQUEST_MS = 250;

  property(
    'keeps a login no longer than the deadline, nor much longer than its delivery took',
    fc.record({
      waitedMs: fc.oneof(fc.constant(0), fc.nat(TIMEOUT_MS)),
      deliveryMs: fc.nat(TIMEOUT_MS),
      flushMs: fc.array(fc.oneof(fc.nat(90), fc.nat(5000), fc.constant(Infinity)), { minLength: 1 }),
      limit: batchLimit,
    }),
    async ({ waitedMs, deliveryMs, flushMs, limit }) => {
      resetClock();
      const target = new Target(limit);
      target.destination.useConfiguration(getConfiguration(0));
      const { buffer } = target.destination;
      for (let index = 0; index < 20; index += 1) buffer.add(toActivity(`activity ${index}`, 'Login', 0));
      const requestsMs = [deliveryMs, ...flushMs];
      onRequest = async (activities, signal) => {
        const ms = requestsMs.shift() ?? 0;
        await (ms === Infinity ? never() : sleep(ms));
        return signal.aborted ? never() : target.accept(activities);
      };
      const startedAt = performance.now();
      vi.advanceTimersByTime(waitedMs);
      const activity = toActivity('login', 'Login', 0);
      await settle(deliver(target.destination, activity, getConfiguration(0), startedAt));
      const totalMs = performance.now() - startedAt;
      expect(totalMs).toBeLessThanOrEqual(TIMEOUT_MS + GRACE_MS);
      const flushedMs = totalMs - waitedMs - Math.min(deliveryMs, TIMEOUT_MS - waitedMs);
      expect(flushedMs).toBeLessThanOrEqual(FLUSH_MS + Math.max(FLUSH_REQUEST_MS, 2 * deliveryMs) + GRACE_MS);
    },
  );
});

describe('deliver, many logins concurrently', () => {
  /** What the vendor does with one request. */
  type Behavior =
    | { readonly kind: 'accept' | 'fail' | 'throttle' | 'reject' | 'crash' | 'hang'; readonly ms: number }
    | {
        readonly kind: 'reject some';
        readonly ms: number;
        readonly bits: number;
        readonly acceptsOthers: boolean;
      }
    /** It accepts, and the response is lost. */
    | { readonly kind: 'lose'; readonly ms: number };

  const ms = fc.oneof(fc.nat(50), fc.nat(300), fc.integer({ min: 300, max: 5000 }));
  const honestBehavior = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('accept'), ms }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('fail', 'throttle', 'reject', 'crash'), ms }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('reject some'),
        ms,
        bits: fc.nat(0xffff),
        acceptsOthers: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('hang'), ms }) },
  ) as fc.Arbitrary<Behavior>;
  const dishonestBehavior = fc.oneof(
    { weight: 3, arbitrary: honestBehavior },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose'), ms }) },
  ) as fc.Arbitrary<Behavior>;

  const STATUSES = { fail: 503, throttle: 429, reject: 400, crash: 418 };

  const respond = async (
    behavior: Behavior,
    activities: readonly Activity[],
    target: Target,
    signal: AbortSignal,
  ): Promise<Response> => {
    await sleep(behavior.ms);
    if (signal.aborted || behavior.kind === 'hang') return never();
    switch (behavior.kind) {
      case 'accept':
        return target.accept(activities);
      case 'lose':
        target.accept(activities);
        return never();
      case 'reject some': {
        const { bits, acceptsOthers } = behavior;
        const isRejected = (index: number) => ((bits >> (index % 16)) & 1) === 1;
        const rejected = [...activities.keys()].filter(isRejected);
        if (acceptsOthers || rejected.length === 0)
          target.accept(activities.filter((_, index) => !isRejected(index)));
        return rejected.length === 0
          ? { status: 200, body: '' }
          : { status: 400, body: JSON.stringify({ rejected, acceptsOthers }) };
      }
      default:
        return { status: STATUSES[behavior.kind], body: '' };
    }
  };

  interface Login {
    readonly atMs: number;
    readonly id: number;
    readonly type: Activity['type'];
    readonly configuration: number;
    /** How far the clock is set forward or back before. */
    readonly jumpMs: number;
  }

  const login: fc.Arbitrary<Login> = fc.record({
    atMs: fc.oneof(fc.nat(1000), fc.nat(5000), fc.nat(60_000)),
    id: fc.nat(12),
    type: fc.constantFrom('SignUp', 'Login'),
    configuration: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
    jumpMs: fc.oneof(
      { weight: 15, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -100_000, max: 100_000 }) },
    ),
  });

  /** Logins, and then more of them while the vendor accepts everything, until nothing is buffered. */
  const run = async (logins: readonly Login[], script: readonly Behavior[], limit: number) => {
    resetClock();
    const rest = [...script];
    const target = new Target(limit);
    onRequest = (activities, signal) =>
      respond(rest.shift() ?? { kind: 'accept', ms: 0 }, activities, target, signal);
    const deliveries: Array<{ readonly activity: Activity; readonly delivery: Delivery }> = [];
    const waits: number[] = [];
    const sizes: number[] = [];
    const logIn = async (activity: Activity, configuration: number): Promise<void> => {
      const startedAt = performance.now();
      const delivery = await deliver(target.destination, activity, getConfiguration(configuration));
      waits.push(performance.now() - startedAt);
      sizes.push(target.destination.buffer.size);
      deliveries.push({ activity, delivery });
    };

    const scheduled = logins.map(async ({ atMs, id, type, configuration, jumpMs }) => {
      await sleep(atMs);
      if (jumpMs !== 0) vi.setSystemTime(Date.now() + jumpMs);
      await logIn(toActivity(`${type} ${id}, ${configuration}`, type, configuration), configuration);
    });
    await settle(Promise.all(scheduled));

    rest.length = 0;
    const configuration = logins.at(-1)?.configuration ?? 0;
    for (let index = 0; index < 4; index += 1) {
      // In steps, since requests go on without their logins.
      await settle(sleep(RESET_TIMEOUT_MS));
      await settle(logIn(toActivity(`last ${index}`, 'Login', configuration), configuration));
    }
    return { target, deliveries, waits, sizes };
  };

  /** What became of the activities, as it was reported. */
  const account = (
    deliveries: ReadonlyArray<{ readonly activity: Activity; readonly delivery: Delivery }>,
  ) => {
    const reported = new Set<string>();
    let dropped = 0;
    for (const { activity, delivery } of deliveries) {
      dropped += delivery.dropped;
      if ('error' in delivery && !delivery.buffered) reported.add(activity.id);
      if ('flushRejection' in delivery)
        for (const { id } of delivery.flushRejection?.activities ?? []) reported.add(id);
    }
    return { reported, dropped };
  };

  const uniqueLogins = fc
    .array(login, { maxLength: 40, size: 'medium' })
    .map((logins) => logins.map((entry, index) => ({ ...entry, id: index })));

  property(
    'loses none without a report',
    fc.tuple(
      fc.array(login, { maxLength: 40, size: 'medium' }),
      fc.array(dishonestBehavior, { maxLength: 60, size: 'medium' }),
      batchLimit,
    ),
    async ([logins, script, limit]) => {
      const { target, deliveries } = await run(logins, script, limit);
      const { reported, dropped } = account(deliveries);
      const ids = new Set(deliveries.map(({ activity }) => activity.id));
      const missing = [...ids].filter((id) => !target.accepted.includes(id) && !reported.has(id));
      expect(target.destination.buffer.size).toBe(0);
      expect(missing.length, `missing ${missing}`).toBeLessThanOrEqual(dropped);
    },
    { runs: 40 },
  );

  property(
    'reports exactly those as dropped that are lost, and accepts none of them twice',
    fc.tuple(uniqueLogins, fc.array(honestBehavior, { maxLength: 60, size: 'medium' }), batchLimit),
    async ([logins, script, limit]) => {
      const { target, deliveries } = await run(logins, script, limit);
      const { reported, dropped } = account(deliveries);
      const missing = deliveries.filter(
        ({ activity: { id } }) => !target.accepted.includes(id) && !reported.has(id),
      );
      expect(missing.length).toBe(dropped);
      expect(target.accepted.filter((id) => reported.has(id))).toEqual([]);
      expect(target.accepted.toSorted()).toEqual([...new Set(target.accepted)].toSorted());
    },
    { runs: 40 },
  );

  property(
    'keeps no login waiting longer than the deadline',
    fc.tuple(
      fc.array(login, { maxLength: 40, size: 'medium' }),
      fc.array(dishonestBehavior, { maxLength: 60, size: 'medium' }),
      batchLimit,
    ),
    async ([logins, script, limit]) => {
      const { waits } = await run(logins, script, limit);
      expect(Math.max(...waits)).toBeLessThanOrEqual(TIMEOUT_MS + GRACE_MS);
    },
    { runs: 30 },
  );

  property(
    'sends what was buffered with the secrets it was buffered under',
    fc.tuple(
      fc.array(
        login.chain((entry) => fc.record({ ...toConstants(entry), configuration: fc.nat(2) })),
        { maxLength: 30, size: 'medium' },
      ),
      fc.array(dishonestBehavior, { maxLength: 60, size: 'medium' }),
      batchLimit,
    ),
    async ([logins, script, limit]) => {
      const { target } = await run(logins as Login[], script, limit);
      expect(target.misdirected).toEqual([]);
    },
    { runs: 40 },
  );
});

const toConstants = <T extends object>(value: T): { [Name in keyof T]: fc.Arbitrary<T[Name]> } =>
  Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fc.constant(item)])) as never;
