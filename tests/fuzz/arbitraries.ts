/** What Auth0, its operators and its users can hand to an Action. */
import fc from 'fast-check';
import { sinks as httpSinks } from '../../actions/all.ts';
import { settings } from '../../lib/settings.ts';
import type { Sink } from '../../lib/sink.ts';
import { exampleEvent } from '../../tools/simulator/auth0/example-event.ts';
import { getVendorSecrets, segmentSink } from './vendors.ts';

export const SINKS = [...httpSinks, segmentSink] as readonly Sink[];

/** By their names, which can be printed. The two of Segment have the same secrets, so there is one of them at most. */
export const sinkNames = fc.uniqueArray(fc.constantFrom(...SINKS.map(({ name }) => name)), {
  minLength: 1,
  maxLength: 3,
  selector: (name) => name.replace('segment-http', 'segment'),
});

export const getSinks = (names: readonly string[]): readonly Sink[] =>
  SINKS.filter(({ name }) => names.includes(name));

// --- Strings ---------------------------------------------------------------------------------------------------------

const PROTOTYPE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'toJSON',
];

/** UTF-16 code units, lone surrogates among them. */
const codeUnits = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});

/** Longer than any vendor accepts; of characters that become two to six bytes in JSON, some of them. */
export const longString = fc
  .constantFrom('x', '"', '中', '\u0001', '\ud800', '😀')
  .map((character) => character.repeat(12_000));

export const hostileString = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  codeUnits,
  fc.constantFrom(...PROTOTYPE_KEYS),
  fc.constantFrom(
    '',
    ' ',
    '\n',
    '\r\nX-Injected: 1',
    '\u0000',
    '\u2028',
    '\ud83d',
    '\ude00',
    '</script>',
    '#{x}',
    '%00',
  ),
  fc.constantFrom(
    '{"a":1}',
    '[]',
    'null',
    'NaN',
    '-1',
    '1e400',
    'undefined',
    '|',
    'auth0|',
    '%s%d',
    '=cmd|x!A1',
  ),
  longString,
);

const anything = fc.oneof(
  hostileString,
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
  }),
  fc.constantFrom(
    null,
    undefined,
    0,
    -1,
    1.5,
    NaN,
    Infinity,
    2 ** 53,
    true,
    false,
    Symbol('s'),
    () => 'f',
    new Date(NaN),
  ),
);

// --- Events ----------------------------------------------------------------------------------------------------------

type Path = readonly string[];

/** Read by an Action, and absent in Auth0's example. */
const OPTIONAL_PATHS: readonly Path[] = [
  ['user', 'last_login'],
  ['user', 'app_metadata', 'signedUp'],
  ['client', 'metadata', 'analytics'],
  ['request', 'query', 'prompt'],
  ['session', 'id'],
  ['anonymous_session'],
  ['experiment'],
  ['user', 'app_metadata', 'external_id'],
  ['request', 'query', 'ext-anonymous_id'],
];

const getPaths = (value: unknown): Path[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, item]) => [[key], ...getPaths(item).map((path) => [key, ...path])])
    : [];

const paths = [...getPaths(exampleEvent()), ...OPTIONAL_PATHS].filter(([root]) => root !== 'secrets');

type Change =
  | { readonly path: Path; readonly kind: 'remove' | 'throw' }
  | { readonly path: Path; readonly kind: 'set'; readonly value: unknown };

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ path: fc.constantFrom(...paths), kind: fc.constant('set'), value: anything }),
  },
  { weight: 3, arbitrary: fc.record({ path: fc.constantFrom(...paths), kind: fc.constant('remove') }) },
  { weight: 1, arbitrary: fc.record({ path: fc.constantFrom(...paths), kind: fc.constant('throw') }) },
) as fc.Arbitrary<Change>;

/** Without calling a getter that throws. */
const getAt = (event: object, path: Path): unknown =>
  path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null
        ? Object.getOwnPropertyDescriptor(value, name)?.value
        : undefined,
    event,
  );

/** Sets, removes or spoils a property; does nothing where there is no object to have it. */
const define = (event: object, path: Path, descriptor: PropertyDescriptor | undefined): void => {
  const target = getAt(event, path.slice(0, -1));
  if (typeof target !== 'object' || target === null || Object.isFrozen(target)) return;
  const name = path.at(-1) ?? '';
  if (descriptor === undefined) Reflect.deleteProperty(target, name);
  else Reflect.defineProperty(target, name, { configurable: true, enumerable: true, ...descriptor });
};

export const setAt = (event: object, path: Path, value: unknown): void =>
  define(event, path, { value, writable: true });

const apply = (event: object, change: Change): void => {
  if (change.kind === 'set') setAt(event, change.path, change.value);
  if (change.kind === 'remove') define(event, change.path, undefined);
  if (change.kind === 'throw') define(event, change.path, { get: () => fail(change.path) });
};

const fail = (path: Path): never => {
  throw new Error(`${path.join('.')} is private`);
};

export interface LoginInput {
  readonly user: number;
  /** When the user's profile was created; undefined for long ago. */
  readonly createdMinutesAgo: number | undefined;
  readonly loginsCount: number;
  /** Undefined where Auth0 gives none. */
  readonly transaction: number | undefined;
}

/** A login as Auth0 reports it. Few users and transactions, so that some log in again. */
export const loginInput: fc.Arbitrary<LoginInput> = fc.record({
  user: fc.nat(5),
  createdMinutesAgo: fc.option(fc.integer({ min: -30, max: 9 * 24 * 60 }), { nil: undefined }),
  loginsCount: fc.integer({ min: 1, max: 3 }),
  transaction: fc.option(fc.nat(8), { nil: undefined }),
});

export const toEvent = ({ user, createdMinutesAgo, loginsCount, transaction }: LoginInput) => {
  const event = exampleEvent('2019-05-04T10:20:30.000Z');
  event.stats = { logins_count: loginsCount };
  event.user.user_id = `auth0|${String(user).repeat(24)}`;
  if (createdMinutesAgo !== undefined)
    event.user.created_at = new Date(Date.now() - createdMinutesAgo * 60_000).toISOString();
  if (event.transaction) {
    if (transaction === undefined) delete event.transaction.id;
    else event.transaction.id = `transaction-${transaction}`;
  }
  return event;
};

/** Any event: one as Auth0 documents it, with anything anywhere. Made when the login happens. */
export const eventChanges = fc.array(change, { maxLength: 8 });

export const toHostileEvent = (login: LoginInput, changes: readonly Change[]) => {
  const event = toEvent(login);
  for (const change of changes) apply(event, change);
  return event;
};

// --- Secrets ---------------------------------------------------------------------------------------------------------

/** Names of properties that `user_metadata` holds, as many as there can be. */
const PROPERTY_NAMES = Array.from({ length: 40 }, (_, index) => `property${index}`);

const propertyList = PROPERTY_NAMES.map((name) => `${name}=user.user_metadata.${name}`).join();

const VALID: Readonly<Record<string, readonly string[]>> = {
  DELIVERY_TIMEOUT_MS: ['250', '1000', '3000', '10000'],
  ON_FAILURE: ['continue', 'deny', 'DENY', 'Continue'],
  RECORD: ['all', 'interactive', 'ALL'],
  LOG: ['all', 'failures', 'All'],
  SIGNUP_WINDOW_DAYS: ['0', '1', '7', '365'],
  OMIT_FIELDS: ['name', 'email,ip', 'none', ''],
  HASH_FIELDS: ['userId', 'email, name', 'ip,userAgent'],
  HASH_KEY: ['a key of the hashes'],
  EVENTS: ['SignUp', 'signup,login'],
  EXCLUDE: ['domain=acme.com', 'flag=!user.email_verified, application=Admin'],
  PROPERTIES: ["plan=user.app_metadata.plan,env='prod'", propertyList],
  USER_PROPERTIES: ['nickname=user.nickname'],
  USER_ID: ['user.app_metadata.external_id'],
  ANONYMOUS_ID: ['request.query.state'],
  GROUPS: ['off', 'Organization'],
};

const secretValue = (name: string): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...(VALID[name] ?? ['value'])) },
    { weight: 2, arbitrary: hostileString },
    { weight: 1, arbitrary: fc.constantFrom('x'.repeat(4096), `  ${VALID[name]?.[0] ?? 'value'}\n`) },
    { weight: 1, arbitrary: anything },
  );

/** Values of some settings, each of them valid. */
export const validSettings: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .record(
    Object.fromEntries(Object.entries(VALID).map(([name, values]) => [name, fc.constantFrom(...values)])),
    { requiredKeys: [] },
  )
  .map((values) => ({ ...values, HASH_KEY: 'a key of the hashes' }));

const config = fc.constantFrom(
  '{"LOG":"all"}',
  '{"DELIVERY_TIMEOUT_MS":250,"constructor":"value"}',
  '{"__proto__":{"LOG":"all"}}',
  '{"HASH_KEY":null}',
  '["LOG"]',
);

/** The secrets of some sinks that lead to their mocks, and settings; some of them can be anything. */
export const someSecrets = (names: readonly string[]): fc.Arbitrary<Readonly<Record<string, unknown>>> => {
  const declared = getSinks(names).flatMap(({ secrets }) => Object.keys(secrets));
  const anySecret = fc.oneof(
    fc.constantFrom(...declared, ...Object.keys(settings)).chain(namedSecret),
    fc.oneof(config, hostileString).map((value): [string, unknown] => ['CONFIG', value]),
  );
  return fc
    .tuple(validSettings, fc.oneof(fc.constant([]), fc.array(anySecret, { maxLength: 5 })))
    .map(([valid, changed]) =>
      Object.assign({}, ...names.map(getVendorSecrets), valid, Object.fromEntries(changed)),
    );
};

const namedSecret = (name: string): fc.Arbitrary<[string, unknown]> =>
  secretValue(name).map((value) => [name, value]);

const CAMPAIGN = [
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_term',
  'utm_content',
  'gclid',
  'fbclid',
  'referrer',
];

/** Where an event can have a string that users, applications or administrators choose. */
export const stringPaths: readonly Path[] = [
  ...paths.filter((path) => {
    const isFixed =
      /^(user,(user_id|created_at|updated_at|last_)|transaction,|tenant,|request,query|client,metadata)/;
    return typeof getAt(exampleEvent(), path) === 'string' && !isFixed.test(path.join());
  }),
  ['request', 'query', 'ext-anonymous_id'],
  ...CAMPAIGN.map((name) => ['request', 'query', name]),
  ...PROPERTY_NAMES.map((name) => ['user', 'user_metadata', name]),
];
