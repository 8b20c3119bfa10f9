import fc from 'fast-check';
import { describe, expect, vi } from 'vitest';
import { RESET_TIMEOUT_MS } from '../../lib/circuit-breaker.ts';
import { createAction } from '../../lib/create-action.ts';
import { LINE_LIMIT_CHARS } from '../../lib/log.ts';
import type { LoginApi, LoginEvent } from '../../lib/login-event.ts';
import type { Outcome } from '../../lib/outcome.ts';
import { collectOutcomes } from '../../tools/simulator/outcomes.ts';
import { resetClock, settle, useFakeClock } from '../support/clock.ts';
import {
  eventChanges,
  getSinks,
  type LoginInput,
  loginInput,
  sinkNames,
  someSecrets,
  toEvent,
  toHostileEvent,
  validSettings,
} from './arbitraries.ts';
import { sleep } from './network.ts';
import { property } from './property.ts';
import { behavior, getVendorSecrets, honestBehavior, Network } from './vendors.ts';

useFakeClock();
const network = new Network();

/** Promised on top of the deadline. */
const GRACE_MS = 50;
const DEFAULT_TIMEOUT_MS = 3000;

const boom = () => {
  throw new Error('no');
};

const apis: readonly LoginApi[] = [
  { user: { setAppMetadata: () => {} }, access: { deny: () => {} } },
  { user: { setAppMetadata: boom }, access: { deny: boom } },
  { user: {}, access: {} } as LoginApi,
  {} as LoginApi,
  null as unknown as LoginApi,
  undefined as unknown as LoginApi,
];

const functions: ReadonlyArray<(event: object) => never> = [
  boom,
  () => Promise.reject(new Error('later')),
  () => ({ plan: Symbol('plan'), __proto__: null, deep: { deep: [] } }),
  () => Object.defineProperty({}, 'plan', { enumerable: true, get: boom }),
  () => null,
  () => 'text',
  (event: object) => ({ ...event }),
].map((returned) => returned as (event: object) => never);

describe('the handler, whatever it is given', () => {
  const anyEvent = fc.record({ login: loginInput, changes: eventChanges });

  property(
    'never rejects, and keeps no login waiting longer than the deadline',
    sinkNames.chain((names) =>
      fc.record({
        names: fc.constant(names),
        event: anyEvent,
        secrets: someSecrets(names),
        noSecrets: fc.option(fc.constantFrom(null, undefined, 'text', 7), { freq: 10 }),
        api: fc.constantFrom(...apis),
        log: fc.constantFrom<(line: string) => void>(() => {}, boom),
        properties: fc.option(fc.constantFrom(...functions), { nil: undefined }),
        script: fc.array(behavior, { maxLength: 12 }),
      }),
    ),
    async ({ names, event, secrets, noSecrets, api, log, properties, script }) => {
      resetClock();
      network.reset(script);
      const options = { console: { log }, ...(properties && { properties, userProperties: properties }) };
      const handler = createAction(getSinks(names), options);
      const hostile: object = toHostileEvent(event.login, event.changes);
      Reflect.set(hostile, 'secrets', noSecrets === null ? secrets : noSecrets);
      const startedAt = performance.now();
      expect(await settle(handler(hostile as LoginEvent, api), network.isBusy)).toBeUndefined();
      expect(performance.now() - startedAt).toBeLessThanOrEqual(10_000 + GRACE_MS);
    },
    { runs: 120 },
  );

  property(
    'logs one line at most, of printable characters, that Auth0 stores whole',
    sinkNames.chain((names) =>
      fc.record({
        names: fc.constant(names),
        event: anyEvent,
        secrets: someSecrets(names),
        script: fc.array(behavior, { maxLength: 12 }),
      }),
    ),
    async ({ names, event, secrets, script }) => {
      resetClock();
      network.reset(script);
      const lines: string[] = [];
      const handler = createAction(getSinks(names), { console: { log: (line) => void lines.push(line) } });
      const hostile: object = toHostileEvent(event.login, event.changes);
      Reflect.set(hostile, 'secrets', { ...secrets, LOG: 'all' });
      await settle(handler(hostile as LoginEvent, apis[0] as LoginApi), network.isBusy);
      expect(lines.length).toBe(1);
      expect(lines[0]).toMatch(/^\[[\w-]+\] [ -~…]+$/);
      expect(lines[0]?.length).toBeLessThanOrEqual(LINE_LIMIT_CHARS);
    },
    { runs: 80 },
  );
});

interface Login extends LoginInput {
  readonly atMs: number;
}

const login: fc.Arbitrary<Login> = fc
  .tuple(loginInput, fc.oneof(fc.nat(2000), fc.nat(120_000)))
  .map(([input, atMs]) => ({ ...input, atMs }));

interface Execution {
  readonly login: Login;
  /** `signedUp` when the login began, and what was asked to be written. */
  readonly flags: object;
  readonly writes: ReadonlyArray<readonly [key: string, value: unknown]>;
  readonly isDenied: boolean;
  readonly outcomes: readonly Outcome[];
  readonly waitedMs: number;
}

/** A tenant whose users log in, and whose metadata is what the Action has asked for before. */
const simulate = async (
  names: readonly string[],
  logins: readonly Login[],
  settings: Readonly<Record<string, string>>,
  flags: object = {},
) => {
  const secrets = Object.assign({}, ...names.map(getVendorSecrets), settings);
  const handler = createAction(getSinks(names), { console: { log: () => {} } });
  const signedUp = new Map<number, object>();

  const logIn = async (login: Login): Promise<Execution> => {
    const event = { ...toEvent(login), secrets };
    const before = signedUp.get(login.user) ?? flags;
    event.user.app_metadata = { signedUp: before };
    const writes: Array<[string, unknown]> = [];
    let isDenied = false;
    const api = {
      user: { setAppMetadata: (key: string, value: unknown) => void writes.push([key, value]) },
      access: {
        deny: () => {
          isDenied = true;
        },
      },
    };
    const startedAt = performance.now();
    const { outcomes } = await collectOutcomes(() => handler(event, api));
    const waitedMs = performance.now() - startedAt;
    for (const [, value] of writes) signedUp.set(login.user, value as object);
    return { login, flags: before, writes, isDenied, outcomes, waitedMs };
  };

  const scheduled = logins.map(async (login) => {
    await sleep(login.atMs);
    return logIn(login);
  });
  const executions = await settle(Promise.all(scheduled), network.isBusy);
  return { executions, logIn };
};

describe('the handler, in a tenant', () => {
  const scenario = fc.record({
    names: sinkNames,
    logins: fc.array(login, { minLength: 1, maxLength: 20, size: 'medium' }),
    settings: validSettings,
    script: fc.array(honestBehavior, { maxLength: 60, size: 'medium' }),
  });

  property(
    'keeps no login waiting longer than its deadline, however many there are',
    scenario,
    async ({ names, logins, settings, script }) => {
      resetClock();
      network.reset(script);
      const { executions } = await simulate(names, logins, settings);
      const timeoutMs = Number(settings.DELIVERY_TIMEOUT_MS ?? DEFAULT_TIMEOUT_MS);
      const longestMs = Math.max(...executions.map(({ waitedMs }) => waitedMs));
      expect(longestMs).toBeLessThanOrEqual(timeoutMs + GRACE_MS);
    },
    { runs: 15 },
  );

  property(
    'reports as delivered what the vendor has accepted, and has buffered the rest until it does',
    scenario,
    async ({ names, logins, settings, script }) => {
      resetClock();
      network.reset(script);
      const { executions, logIn } = await simulate(names, logins, settings);

      network.heal();
      const after: Execution[] = [];
      // Users who sign up: a destination can record nothing else.
      for (const user of [9, 10, 11]) {
        vi.advanceTimersByTime(RESET_TIMEOUT_MS);
        const login = { user, createdMinutesAgo: 0, loginsCount: 1, transaction: 100 + user, atMs: 0 };
        after.push(await settle(logIn(login), network.isBusy));
      }

      const outcomes = [...executions, ...after].flatMap((execution) => execution.outcomes);
      for (const name of names) {
        const own = outcomes.filter(({ destination }) => destination === name);
        const accepted = new Set(
          network.accepted.filter(({ vendor }) => vendor === name).map(({ id }) => id),
        );
        const getMissing = (outcomes: readonly Outcome[]) =>
          outcomes.flatMap(({ activity }) => (activity && !accepted.has(activity.id) ? activity.id : []));
        expect(getMissing(own.filter(({ status }) => status === 'delivered'))).toEqual([]);
        const failed = own.filter((outcome) => outcome.status === 'failed');
        const rejected = failed.flatMap(({ buffered, activity }) => (buffered ? [] : activity?.id));
        const lost = getMissing(failed).filter((id) => !rejected.includes(id));
        const reported = own.map((outcome) => {
          if (outcome.status === 'failed') return outcome.dropped;
          return outcome.status === 'delivered' ? outcome.dropped + (outcome.flushRejected?.count ?? 0) : 0;
        });
        expect(new Set(lost).size).toBeLessThanOrEqual(reported.reduce((sum, count) => sum + count, 0));
      }
    },
    { runs: 20 },
  );

  property(
    'gives a SignUp one id per user, and a Login one per transaction, at every destination',
    scenario,
    async ({ names, logins, settings, script }) => {
      resetClock();
      network.reset(script);
      const { executions } = await simulate(names, logins, settings);
      const ids = new Map<string, Set<string | undefined>>();
      for (const { login, outcomes } of executions) {
        for (const { activity } of outcomes) {
          if (activity?.type === 'Login' && login.transaction === undefined) continue;
          const subject = activity?.type === 'SignUp' ? login.user : login.transaction;
          const key = `${activity?.type} ${subject}`;
          ids.set(key, (ids.get(key) ?? new Set()).add(activity?.id));
        }
      }
      for (const [key, set] of ids) expect(set.size, key).toBe(1);
      expect(new Set([...ids.values()].map(([id]) => id)).size).toBe(ids.size);
    },
    { runs: 15 },
  );

  property(
    'sets the signedUp flags of the destinations that have accepted the SignUp, and of no other',
    fc.tuple(
      scenario,
      fc.dictionary(fc.constantFrom('keen', 'segment', 'old', '__proto__', 'constructor'), fc.anything()),
    ),
    async ([{ names, logins, settings, script }, flags]) => {
      resetClock();
      network.reset(script);
      const { executions } = await simulate(names, logins, settings, flags);
      for (const { flags: before, writes, outcomes } of executions) {
        const names = outcomes.flatMap(({ status, activity, destination }) =>
          status === 'delivered' && activity.type === 'SignUp' ? [destination] : [],
        );
        const newFlags = Object.fromEntries(names.map((name) => [name, true]));
        expect(writes).toEqual(names.length === 0 ? [] : [['signedUp', { ...before, ...newFlags }]]);
      }
    },
    { runs: 15 },
  );

  property(
    'denies a login that was not recorded, and no other, if the operator wants that',
    scenario,
    async ({ names, logins, settings, script }) => {
      resetClock();
      network.reset(script);
      const { executions } = await simulate(names, logins, settings);
      const isStrict = settings.ON_FAILURE?.toLowerCase() === 'deny';
      for (const { outcomes, isDenied } of executions) {
        const isRecorded = outcomes.every(({ status }) => status === 'delivered' || status === 'skipped');
        expect(isDenied).toBe(isStrict && !isRecorded);
      }
    },
    { runs: 15 },
  );
});
