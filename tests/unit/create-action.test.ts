import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Event } from '@auth0/actions/post-login/v3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ActionOptions, createAction, type Handler } from '../../lib/create-action.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { credential, string } from '../../lib/formats.ts';
import type { LoginApi, LoginEvent } from '../../lib/login-event.ts';
import { optional, required } from '../../lib/secrets.ts';
import type { Sink } from '../../lib/sink.ts';
import { createApi } from '../../tools/simulator/auth0/post-login-api.ts';
import { collectOutcomes } from '../../tools/simulator/outcomes.ts';
import { login, signUp } from '../support/events.ts';
import { FakeDestination, failsWith, rejectsWith } from '../support/fake-destination.ts';

const DENY_REASON = 'This login could not be recorded. Please try again later.';
const SECRETS = { FAKE_TOKEN: 't0ken' };
const DENY = { ...SECRETS, ON_FAILURE: 'deny' };

interface FakeSink extends Sink {
  readonly destination: FakeDestination;
}

const createSink = (name = 'fake', changes: Partial<Sink> = {}): FakeSink => {
  const destination = new FakeDestination();
  const prefix = name.toUpperCase();
  return {
    ...destination.sink,
    name,
    secrets: {
      [`${prefix}_TOKEN`]: required(credential, 'Token'),
      [`${prefix}_INDEX`]: optional(string, 'Index', 'main'),
    },
    ...changes,
    destination,
  };
};

/** What a sink has accepted. */
const getTypes = ({ destination }: FakeSink): string[] =>
  destination.requests
    .flat()
    .filter(({ id }) => destination.accepted.includes(id))
    .map(({ type }) => type);

const newUser = (changes: object = {}, secrets: object = SECRETS): Event => {
  const event = signUp({ secrets: secrets as Event['secrets'] });
  return { ...event, user: { ...event.user, ...changes } };
};

/** Of an event that cannot be read, the api object is that of any other. */
const createApiFor = (event: unknown) => {
  try {
    return createApi(event as Event);
  } catch {
    return createApi(login());
  }
};

/** Executes a handler, which never throws. */
const run = async (
  sinks: Sink | readonly Sink[],
  event: unknown,
  options: ActionOptions = {},
  api?: unknown,
) => {
  const lines: string[] = [];
  const { api: ownApi, effects } = createApiFor(event);
  const console = { log: (line: string) => void lines.push(line) };
  const handler = createAction(sinks, { console, ...options });
  const { result, outcomes } = await collectOutcomes(() =>
    handler(event as LoginEvent, (api === undefined ? ownApi : api) as LoginApi),
  );
  expect(result).toBeUndefined();
  // A rejection that nobody handles fails the run.
  await nextTurn();
  return { lines, outcomes, denied: effects.denied, metadata: effects.metadata };
};

const throwing = (thrown: unknown = new Error('auth0|5f7c8ec7c33c6c004bbafe82')) => ({
  get(): never {
    throw thrown;
  },
});

/** Throws whatever is done to it. */
const createHostile = (): object => {
  const { get: fail } = throwing();
  const traps = Object.getOwnPropertyNames(Reflect).map((trap) => [trap, fail]);
  return new Proxy(() => {}, Object.fromEntries(traps));
};

afterEach(() => void vi.restoreAllMocks());

describe('createAction', () => {
  it('creates a native async function, as Auth0 demands', () => {
    const handler = createAction(createSink());
    expect(Object.getPrototypeOf(handler)).toBe(Object.getPrototypeOf(async () => {}));
  });

  it('records a SignUp, remembers it and logs nothing', async () => {
    const sink = createSink();
    const { lines, outcomes, metadata, denied } = await run(sink, newUser());
    expect(getTypes(sink)).toEqual(['SignUp']);
    expect(metadata).toEqual([{ field: 'app_metadata', key: 'signedUp', value: { fake: true } }]);
    expect(outcomes).toEqual([
      {
        action: 'fake',
        destination: 'fake',
        status: 'delivered',
        activity: expect.objectContaining({ type: 'SignUp' }),
        attempts: 1,
        elapsedMs: expect.any(Number),
        flushed: 0,
        flushMs: expect.any(Number),
        dropped: 0,
      },
    ]);
    expect({ lines, denied }).toEqual({ lines: [], denied: undefined });
  });

  it('records the Login of a user whose SignUp is recorded, and leaves the metadata alone', async () => {
    const sink = createSink();
    const { metadata } = await run(sink, newUser({ app_metadata: { signedUp: { fake: true } } }));
    expect(getTypes(sink)).toEqual(['Login']);
    expect(metadata).toEqual([]);
  });

  it.each([rejectsWith(400), failsWith(501)])('does not remember a SignUp that failed', async (respond) => {
    const sink = createSink();
    sink.destination.respond(respond);
    const { outcomes, metadata } = await run(sink, newUser());
    expect(outcomes).toMatchObject([{ status: 'failed' }]);
    expect(metadata).toEqual([]);
  });

  it('skips what is no login', async () => {
    const sink = createSink();
    const event = { ...newUser(), transaction: { protocol: 'oauth2-refresh-token' } };
    const { lines, outcomes } = await run(sink, event);
    expect(outcomes).toEqual([
      { action: 'fake', destination: 'fake', status: 'skipped', reason: 'refresh-token exchange' },
    ]);
    expect(lines).toEqual([]);
    expect(sink.destination.requests).toEqual([]);
  });

  it('records it as a Login with RECORD=all, in upper or lower case', async () => {
    const sink = createSink();
    const event = {
      ...newUser({}, { ...SECRETS, RECORD: 'ALL' }),
      transaction: { protocol: 'oauth2-refresh-token' },
    };
    await run(sink, event);
    expect(getTypes(sink)).toEqual(['Login']);
  });

  it('skips an activity that the sink does not want', async () => {
    const sink = createSink('fake', { getSkipReason: () => 'FAKE_LOGINS is not set' });
    const { outcomes } = await run(sink, newUser());
    expect(outcomes).toMatchObject([
      { status: 'skipped', reason: 'FAKE_LOGINS is not set', activity: { type: 'SignUp' } },
    ]);
    expect(sink.destination.requests).toEqual([]);
  });

  it('applies privacy before the sink sees the activity', async () => {
    const sink = createSink();
    await run(sink, newUser({}, { ...SECRETS, OMIT_FIELDS: 'email' }));
    expect(sink.destination.requests[0]?.[0]?.user).toMatchObject({ name: undefined, email: undefined });
  });

  it('reports missing and malformed secrets', async () => {
    const { lines, outcomes } = await run(createSink(), newUser({}, { LOG: 'loud' }));
    expect(outcomes).toEqual([
      {
        action: 'fake',
        destination: 'fake',
        status: 'misconfigured',
        problems: { LOG: 'must be failures or all', FAKE_TOKEN: 'is missing' },
      },
    ]);
    expect(lines).toEqual(['[fake] Not configured: FAKE_TOKEN is missing; LOG must be failures or all']);
  });

  it.each([[undefined], [null], ['secrets'], [[]], [Object.create(null)]])(
    'takes %j for no secrets',
    async (secrets) => {
      const { lines } = await run(createSink(), { ...newUser(), secrets });
      expect(lines).toEqual(['[fake] Not configured: FAKE_TOKEN is missing']);
    },
  );

  it('masks secrets and personal data in what a vendor says', async () => {
    const sink = createSink();
    const vendorMessage = 'Index main is disabled for t0ken of j+smith@example.com, 13.33.86.47';
    sink.destination.respond(rejectsWith(400, { vendorMessage }));
    const { lines, outcomes } = await run(sink, newUser());
    const message = '400 Index main is disabled for *** of ***';
    expect(outcomes).toMatchObject([{ reason: 'rejected', code: '400', message }]);
    expect(lines).toEqual([
      `[fake] SignUp failed: ${message}; will be sent again at the user's next login; check the Action's secrets`,
    ]);
  });

  it('masks the personal data of buffered activities that are rejected', async () => {
    const sink = createSink();
    const handlers = createAction(sink, { console: { log: (line) => void lines.push(line) } });
    const lines: string[] = [];
    const grace = { user_id: 'auth0|grace', name: 'Grace Hopper', email: 'grace@example.org' };
    sink.destination.respondOnce(failsWith(501));
    await handlers(newUser(grace), createApi(newUser()).api);
    const vendorMessage = 'No place for Hopper in main';
    sink.destination.respondOnce(() => {}, rejectsWith(400, { vendorMessage }));
    await handlers(newUser(), createApi(newUser()).api);
    expect(lines[1]).toMatch(
      /^\[fake\] SignUp delivered in \d+ ms; 1 buffered event rejected and dropped: 400 No place for \*\*\* in main$/,
    );
  });

  it('takes an error of another realm for what it is', async () => {
    const foreign = Object.create(null, { name: { value: 'RangeError' }, message: { value: 't0ken' } });
    const sink = createSink();
    sink.destination.respond(() => Promise.reject(foreign));
    const { outcomes } = await run(sink, newUser());
    expect(outcomes).toMatchObject([
      { status: 'failed', reason: 'internal', code: 'RangeError', message: 'unexpected RangeError' },
    ]);
  });
});

describe('createAction, with options', () => {
  it('prints with the console that it is given, and with its own by default', async () => {
    const ownLines: unknown[] = [];
    vi.spyOn(console, 'log').mockImplementation((line) => void ownLines.push(line));
    const { lines } = await run(createSink(), newUser({}, { ...SECRETS, LOG: 'all' }));
    expect(lines).toEqual([expect.stringMatching(/^\[fake\] SignUp delivered in \d+ ms$/)]);
    expect(ownLines).toEqual([]);

    const event = newUser({}, { ...SECRETS, LOG: 'all' });
    await createAction(createSink())(event, createApi(event).api);
    expect(ownLines).toEqual([expect.stringMatching(/^\[fake\] SignUp delivered in \d+ ms$/)]);
  });

  it('takes its name for the prefix of the line', async () => {
    const names = [
      await run(createSink(), newUser({}, {}), { name: 'custom' }),
      await run(createSink(), newUser({}, {})),
      await run([createSink('one')], newUser({}, {})),
      await run([createSink('one'), createSink('two')], newUser({}, {})),
      await run([], newUser({}, {})),
    ].map(({ lines: [line] }) => /^\[(.+?)\]/.exec(line ?? '')?.[1]);
    expect(names).toEqual(['custom', 'fake', 'one', 'analytics', 'analytics']);
  });

  const { FAKE_TOKEN } = SECRETS;

  it.each<[string, ActionOptions, object]>([
    ['events', { events: ['Login'] }, { status: 'delivered', activity: { type: 'Login' } }],
    [
      'exclude',
      { exclude: 'domain=example.com' },
      { status: 'skipped', reason: 'excluded by EXCLUDE (domain)' },
    ],
    ['signupWindowDays', { signupWindowDays: 0 }, { activity: { type: 'Login' } }],
    [
      'omitFields',
      { omitFields: ['email', 'ip'] },
      { activity: { user: { email: undefined }, request: { ip: undefined } } },
    ],
    ['omitFields, none', { omitFields: [] }, { activity: { user: { phone: '18882352699' } } }],
    [
      'hashFields and hashKey',
      { hashFields: ['email'], hashKey: 'k3y' },
      { activity: { user: { email: expect.stringMatching(/^[\da-f]{64}$/) } } },
    ],
    ['groups', { groups: 'off' }, { activity: { group: undefined } }],
    ['userId', { userId: 'user.email' }, { activity: { user: { id: 'j+smith@example.com' } } }],
    [
      'anonymousId',
      { anonymousId: 'request.query.scope' },
      { activity: { visitor: { anonymousId: 'openid profile' } } },
    ],
    ['properties', { properties: () => ({ plan: 'gold' }) }, { activity: { properties: { plan: 'gold' } } }],
    [
      'userProperties',
      { userProperties: () => ({ team: 'red' }) },
      { activity: { user: { properties: { team: 'red' } } } },
    ],
    [
      'deliveryTimeoutMs',
      { deliveryTimeoutMs: 1 },
      { problems: { DELIVERY_TIMEOUT_MS: 'must be a whole number from 250 to 10000' } },
    ],
    ['tlsCaCert', { tlsCaCert: 'no PEM' }, { problems: { TLS_CA_CERT: 'must be PEM certificates' } }],
  ])('takes %s as it takes the secret', async (_, options, outcome) => {
    const { outcomes } = await run(createSink(), newUser({}, { FAKE_TOKEN }), options);
    expect(outcomes).toMatchObject([outcome]);
  });

  it('takes record', async () => {
    const sink = createSink();
    const event = { ...newUser(), transaction: { protocol: 'oauth2-token-exchange' } };
    await run(sink, event, { record: 'all' });
    expect(getTypes(sink)).toEqual(['Login']);
  });

  it('takes log and onFailure', async () => {
    const sink = createSink();
    expect((await run(sink, newUser(), { log: 'all' })).lines).toHaveLength(1);
    sink.destination.respond(rejectsWith(400));
    expect((await run(sink, newUser(), { onFailure: 'deny' })).denied).toBe(DENY_REASON);
  });

  it('takes values for secrets that are not set in the dashboard', async () => {
    const sink = createSink();
    const received: unknown[] = [];
    const spying = { ...sink, send: async (_: unknown, secrets: object) => void received.push(secrets) };
    const options = { secrets: { FAKE_TOKEN: 'other', FAKE_INDEX: 'auth0' }, log: 'all' as const };
    await run(spying, newUser({}, {}), options);
    expect(received).toMatchObject([{ FAKE_TOKEN: 'other', FAKE_INDEX: 'auth0', LOG: 'all' }]);
  });

  it('lets a secret of the dashboard override an option, but not a blank one', async () => {
    const received: unknown[] = [];
    const sink = createSink('fake', { send: async (_, secrets) => void received.push(secrets) });
    const options = { secrets: { FAKE_INDEX: 'auth0' }, log: 'all' as const };
    await run(sink, newUser({}, { FAKE_TOKEN, FAKE_INDEX: 'dashboard', LOG: 'failures' }), options);
    await run(sink, newUser({}, { FAKE_TOKEN, FAKE_INDEX: ' ', LOG: '' }), options);
    expect(received).toMatchObject([
      { FAKE_INDEX: 'dashboard', LOG: 'failures' },
      { FAKE_INDEX: 'auth0', LOG: 'all' },
    ]);
  });

  it('records without properties whose function throws, and says so', async () => {
    const sink = createSink();
    const { lines } = await run(sink, newUser(), { properties: () => JSON.parse('{') });
    expect(getTypes(sink)).toEqual(['SignUp']);
    expect(lines).toEqual([
      expect.stringMatching(/^\[fake\] SignUp delivered in \d+ ms; properties\(\) threw SyntaxError$/),
    ]);
  });
});

describe('createAction, whatever its surroundings do', () => {
  const NOT_REMEMBERED = '[fake] SignUp delivered, but setAppMetadata failed: it will be sent again';

  it.each([
    ['setAppMetadata throws', { user: { setAppMetadata: throwing().get } }],
    ['there is no api object', null],
    ['the api object throws on everything', createHostile()],
  ])('records a SignUp and reports that it cannot remember it if %s', async (_, api) => {
    const sink = createSink();
    const { lines, outcomes } = await run(sink, newUser(), {}, api);
    expect(getTypes(sink)).toEqual(['SignUp']);
    expect(outcomes).toMatchObject([{ status: 'delivered', metadataWriteFailed: true }]);
    expect(lines).toEqual([NOT_REMEMBERED]);
  });

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['an array', ['signedUp']],
    ['a string', 'signedUp'],
    ['a number', 7],
  ])('reports that it cannot remember a SignUp if app_metadata is %s', async (_, app_metadata) => {
    const sink = createSink();
    const { lines, metadata } = await run(sink, newUser({ app_metadata }));
    expect(getTypes(sink)).toEqual(['SignUp']);
    expect(lines).toEqual([NOT_REMEMBERED]);
    expect(metadata).toEqual([]);
  });

  it.each([
    ['empty', {}],
    ['frozen', Object.freeze({ signedUp: Object.freeze({ keen: true }) })],
    ['without a prototype', Object.assign(Object.create(null), { plan: 'gold' })],
    ['of a prototype of its own', Object.create({ plan: 'gold' })],
  ])('remembers a SignUp if app_metadata is %s', async (_, app_metadata) => {
    const { lines, metadata } = await run(createSink(), newUser({ app_metadata }));
    expect(lines).toEqual([]);
    expect(metadata).toEqual([
      { field: 'app_metadata', key: 'signedUp', value: { ...app_metadata.signedUp, fake: true } },
    ]);
  });

  it('records if the console throws', async () => {
    const sink = createSink();
    const options = { console: { log: throwing().get }, log: 'all' as const };
    const { metadata } = await run(sink, newUser(), options);
    expect(getTypes(sink)).toEqual(['SignUp']);
    expect(metadata).toHaveLength(1);
  });

  it.each([
    ['deny throws', { access: { deny: throwing().get } }],
    ['there is no api object', null],
    ['the api object throws on everything', createHostile()],
  ])('lets a login go on that it cannot deny because %s', async (_, api) => {
    const sink = createSink();
    sink.destination.respond(rejectsWith(400));
    const { lines, outcomes } = await run(sink, newUser({}, DENY), {}, api);
    expect(outcomes).toMatchObject([{ status: 'failed', reason: 'rejected' }]);
    expect(lines).toHaveLength(1);
  });

  const getInternalError = (code: unknown) => [
    { action: 'fake', destination: 'fake', status: 'failed', reason: 'internal', code, buffered: false },
  ];

  it.each(['client', 'request', 'user', 'connection', 'stats', 'tenant', 'transaction', 'session'])(
    'reports an internal error if event.%s throws',
    async (part) => {
      const sink = createSink();
      const event = Object.defineProperty(newUser(), part, throwing());
      const { lines, outcomes } = await run(sink, event);
      expect(outcomes).toMatchObject(getInternalError('Error'));
      expect(lines).toEqual(['[fake] internal error while recording the Login: Error']);
      expect(sink.destination.requests).toEqual([]);
    },
  );

  it.each(['user_id', 'email', 'created_at', 'app_metadata'])(
    'reports an internal error if event.user.%s throws',
    async (field) => {
      const event = newUser();
      Object.defineProperty(event.user, field, throwing());
      expect((await run(createSink(), event)).outcomes).toMatchObject(getInternalError('Error'));
    },
  );

  it.each([
    ['everything', createHostile()],
    ['one secret', Object.defineProperty({ ...SECRETS }, 'LOG', { enumerable: true, ...throwing() })],
  ])('reports an internal error if event.secrets throws on %s', async (_, secrets) => {
    const { outcomes } = await run(createSink(), newUser({}, secrets));
    expect(outcomes).toMatchObject(getInternalError('Error'));
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'Error'],
    ['an error whose name throws', Object.defineProperty(new Error(), 'name', throwing())],
    ['something that throws on everything', createHostile()],
  ])('survives an event that throws %s', async (_, thrown) => {
    const sink = createSink();
    const event = Object.defineProperty(newUser(), 'client', throwing(thrown));
    const { outcomes, lines } = await run(sink, event);
    expect(outcomes).toMatchObject(getInternalError(expect.any(String)));
    expect(lines).toHaveLength(1);
    expect(sink.destination.requests).toEqual([]);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an empty object', {}],
    ['something that throws on everything', createHostile()],
    ['an event without a user', { secrets: SECRETS }],
    ['an event without a user id', newUser({ user_id: 7 })],
    ['an event whose secrets cannot be read', Object.defineProperty(newUser(), 'secrets', throwing())],
  ])('survives an event that is %s', async (_, event) => {
    const lines: string[] = [];
    const handler: Handler = createAction(createSink(), {
      console: { log: (line) => void lines.push(line) },
    });
    expect(await handler(event as LoginEvent, {} as LoginApi)).toBeUndefined();
    expect(lines).toEqual([
      expect.stringMatching(/^\[fake\] internal error while recording the Login: \w+$/),
    ]);
  });

  it.each([
    ['a sink that throws', { send: throwing().get }],
    ['a sink that rejects', { send: async () => throwing().get() }],
    ['a sink whose getSkipReason throws', { getSkipReason: throwing().get }],
    ['a sink whose check throws', { check: throwing().get }],
  ])('survives %s', async (_, changes) => {
    const { outcomes, lines } = await run(createSink('fake', changes), newUser());
    expect(outcomes).toMatchObject(getInternalError('Error'));
    expect(lines).toHaveLength(1);
  });
});

describe('createAction, with several sinks', () => {
  const BOTH = { ONE_TOKEN: 't0ken', TWO_TOKEN: 't0ken' };

  it('records at those that are configured', async () => {
    const [one, two, three] = [createSink('one'), createSink('two'), createSink('three')];
    const { outcomes } = await run([one, two, three], newUser({}, BOTH));
    expect(outcomes.map(({ destination }) => destination)).toEqual(['one', 'two']);
    expect([one, two, three].map(getTypes)).toEqual([['SignUp'], ['SignUp'], []]);
  });

  it('reports that none is configured', async () => {
    const { lines, outcomes } = await run([createSink('one'), createSink('two')], newUser({}, {}));
    expect(outcomes).toMatchObject([{ destination: 'analytics', status: 'misconfigured', problems: {} }]);
    expect(lines).toEqual(['[analytics] no destination configured: set the secrets of at least one']);
  });

  it('remembers in one write what has accepted the SignUp', async () => {
    const sinks = [createSink('one'), createSink('two')];
    const event = newUser({ app_metadata: { signedUp: { splunk: true } } }, BOTH);
    const { metadata } = await run(sinks, event);
    expect(metadata).toEqual([
      { field: 'app_metadata', key: 'signedUp', value: { splunk: true, one: true, two: true } },
    ]);
  });

  it('records a SignUp at one and a Login at another', async () => {
    const [one, two] = [createSink('one'), createSink('two')];
    const event = newUser({ app_metadata: { signedUp: { one: true } } }, BOTH);
    await run([one, two], event);
    expect([getTypes(one), getTypes(two)]).toEqual([['Login'], ['SignUp']]);
  });

  it('records concurrently', async () => {
    const started: string[] = [];
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const createWaiting = (name: string) =>
      createSink(name, {
        async send() {
          started.push(name);
          if (started.length === 2) release();
          await released;
        },
      });
    const { outcomes } = await run([createWaiting('one'), createWaiting('two')], newUser({}, BOTH));
    expect(outcomes).toMatchObject([{ status: 'delivered' }, { status: 'delivered' }]);
  });

  it.each([
    ['throws', { send: throwing().get }],
    ['rejects', { send: async () => throwing().get() }],
    ['throws on looking at the activity', { getSkipReason: throwing().get }],
  ])('lets a sink that %s fail alone', async (_, changes) => {
    for (const order of [0, 1]) {
      const sound = createSink('one');
      const sinks = [createSink('two', changes), sound];
      const { lines, metadata } = await run(order ? sinks.toReversed() : sinks, newUser({}, BOTH));
      expect(getTypes(sound)).toEqual(['SignUp']);
      expect(metadata).toMatchObject([{ value: { one: true } }]);
      expect(lines).toEqual(['[analytics] two: internal error while recording the SignUp: Error']);
    }
  });

  it('prints one line for all', async () => {
    const [one, two] = [createSink('one'), createSink('two')];
    one.destination.respond(() => Promise.reject(new RejectedError('401 Unauthorized', { status: 401 })));
    two.destination.respond(() =>
      Promise.reject(new UnavailableError('501 Not Implemented', { status: 501 })),
    );
    const { lines } = await run([one, two], newUser({}, BOTH));
    expect(lines).toEqual([
      "[analytics] one: SignUp failed: 401 Unauthorized; will be sent again at the user's next login; " +
        "check the credentials in the Action's secrets; " +
        'two: SignUp failed: 501 Not Implemented; buffered for retry',
    ]);
  });

  it('reports an event that cannot be read once', async () => {
    const event = newUser({ user_id: undefined }, BOTH);
    const { lines, outcomes } = await run([createSink('one'), createSink('two')], event);
    expect(outcomes).toMatchObject([{ destination: 'analytics', reason: 'internal', code: 'TypeError' }]);
    expect(lines).toEqual(['[analytics] internal error while recording the Login: TypeError']);
  });
});

describe('createAction, with ON_FAILURE=deny', () => {
  it.each(['deny', 'Deny', 'DENY', ' deny\n'])(
    'denies a login that could not be recorded: %j',
    async (mode) => {
      const sink = createSink();
      sink.destination.respond(rejectsWith(400, { vendorMessage: 'disabled' }));
      const { denied, lines } = await run(sink, newUser({}, { ...SECRETS, ON_FAILURE: mode }));
      expect(denied).toBe(DENY_REASON);
      expect(lines).toHaveLength(1);
    },
  );

  it.each([
    ['the destination is unavailable', newUser({}, DENY), failsWith(501)],
    ['the Action is not configured', newUser({}, { ON_FAILURE: 'deny' }), undefined],
    ['the event throws', Object.defineProperty(newUser({}, DENY), 'client', throwing()), undefined],
    ['there is no user id', newUser({ user_id: undefined }, DENY), undefined],
    ['CONFIG is malformed', newUser({}, { ...DENY, CONFIG: '{' }), undefined],
  ])('denies a login if %s', async (_, event, respond) => {
    const sink = createSink();
    if (respond) sink.destination.respond(respond);
    const { denied } = await run(sink, event);
    expect(denied).toBe(DENY_REASON);
    expect(sink.destination.accepted).toEqual([]);
  });

  it('denies a login that one of several destinations has not accepted', async () => {
    const [one, two] = [createSink('one'), createSink('two')];
    two.destination.respond(rejectsWith(400));
    const secrets = { ONE_TOKEN: 't0ken', TWO_TOKEN: 't0ken', ON_FAILURE: 'deny' };
    const { denied, metadata } = await run([one, two], newUser({}, secrets));
    expect(denied).toBe(DENY_REASON);
    expect(metadata).toMatchObject([{ value: { one: true } }]);
  });

  it.each([
    ['that is recorded', newUser({}, DENY)],
    ['whose SignUp is recorded, but cannot be remembered', newUser({ app_metadata: null }, DENY)],
    ['that is skipped', { ...newUser({}, DENY), transaction: { protocol: 'oauth2-refresh-token' } }],
  ])('lets a login go on %s', async (_, event) => {
    expect((await run(createSink(), event)).denied).toBeUndefined();
  });

  it('lets a login go on without it, whatever failed', async () => {
    const sink = createSink();
    sink.destination.respond(rejectsWith(400));
    const { denied, lines } = await run(sink, newUser());
    expect(denied).toBeUndefined();
    expect(lines).toHaveLength(1);
    expect((await run(createSink(), login({ secrets: {} }))).denied).toBeUndefined();
  });
});
