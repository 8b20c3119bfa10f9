/** What all destinations have in common in what they send. */
import { describe, expect, it } from 'vitest';
import { type Activity, FIXED_PROPERTIES, toLogin } from '../../lib/activity.ts';
import type { Properties } from '../../lib/properties.ts';
import { HASHABLE_FIELDS, OMITTABLE_FIELDS, parseSecrets } from '../../lib/settings.ts';
import type { Activities, Sink } from '../../lib/sink.ts';
import { exampleSecrets } from '../../tools/scripts/generate/example.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import { NOW } from '../support/clock.ts';
import { login, toFull } from '../support/events.ts';
import { overTheWire } from '../support/network.ts';
import { getRequests } from '../support/send.ts';

const sinks = (await loadSinks()).map((sink) => [sink.name, sink] as const);

const ALL_PROFILES = { MIXPANEL_PROFILES: 'all', KEENIO_LOGIN_COLLECTION: 'logins', SLACK_LOGINS: 'true' };

const parse = (sink: Sink, input: Record<string, string> = {}) =>
  parseSecrets(sink, { ...exampleSecrets(sink), ...ALL_PROFILES, ...input });

const getPayload = (sink: Sink, activity: Activity): object =>
  overTheWire(sink.toPayload(activity, parse(sink), NOW)) as object;

/** Everything that is sent, as one string. */
const getSent = async (sink: Sink, activities: Activities): Promise<string> => {
  const requests = await getRequests(sink, activities, parse(sink));
  return requests.map(({ url, headers, body }) => `${url} ${JSON.stringify(headers)} ${body}`).join('\n');
};

/** Path → value of each leaf. OTLP's attributes go by their keys. */
const getLeaves = (value: unknown, path = ''): ReadonlyArray<readonly [path: string, value: unknown]> => {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, item]) =>
    getLeaves(item, `${path}.${typeof item?.key === 'string' ? item.key : name}`),
  );
};

/** The objects and lists of attributes that hold a name, as the names that they hold. */
const getSiblings = (value: unknown, name: string): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const names = Array.isArray(value) ? value.map((item) => String(item?.key)) : Object.keys(value);
  const inside = Object.values(value).flatMap((item) => getSiblings(item, name));
  return names.includes(name) ? [...names, ...inside] : inside;
};

const SIGN_UP = toFull('SignUp');
const LOGIN = toFull('Login');
const CHOSEN = ['plan', 'seats'];

describe.each(sinks)('the payload of %s', (_, sink) => {
  it.each([SIGN_UP, LOGIN])('has the properties that the operator chooses: $type', (activity) => {
    const values = getLeaves(getPayload(sink, activity)).map(([path, value]) => `${path}: ${value}`);
    expect(values).toContainEqual(expect.stringMatching(/\bplan\b.*: gold$/));
    expect(values).toContainEqual(expect.stringMatching(/\bseats\b.*: 3$/));
  });

  it.each([SIGN_UP, LOGIN])('keeps every field, whatever a property is called: $type', (activity) => {
    const fields = getLeaves(getPayload(sink, activity));
    const names = new Set([
      ...FIXED_PROPERTIES,
      ...fields.flatMap(([path]) => path.split('.')),
      ...['__proto__', 'constructor', 'toJSON', 'toString'],
    ]);
    const own = Object.fromEntries([...names].map((name) => [name, 'mine'])) as Properties;
    const { user, properties } = activity;
    const payload = getPayload(sink, {
      ...activity,
      properties: { ...own, ...properties },
      user: { ...user, properties: { ...own, ...user.properties } },
    });
    const leaves = new Map(getLeaves(payload));
    const isChosen = (path: string) => path.split('.').some((name) => CHOSEN.includes(name));
    expect(fields.filter(([path, value]) => leaves.get(path) !== value && !isChosen(path))).toEqual([]);
  });

  it.each([SIGN_UP, LOGIN])('shares no field with what the operator may choose: $type', (activity) => {
    // Where the application passes no campaign along, the operator may know it from elsewhere.
    const payload = getPayload(sink, { ...activity, visitor: { ...activity.visitor, campaign: {} } });
    const names = new Set(CHOSEN.flatMap((name) => getSiblings(payload, name)));
    const isChoosable = (name: string) => /^[A-Za-z_][\w-]*$/.test(name) && !FIXED_PROPERTIES.includes(name);
    expect([...names].filter(isChoosable).toSorted()).toEqual(CHOSEN);
  });

  it('has nothing in place of what the login does not have', () => {
    const { user_id } = login().user;
    const minimal = toLogin({ user: { user_id }, tenant: { id: 'example' } }, NOW);
    expect(JSON.stringify(getPayload(sink, minimal))).not.toMatch(/undefined|null|NaN|Invalid/);
  });
});

/** The fields by which vendors know a group. */
const GROUP: Readonly<Record<string, RegExp>> = {
  segment: /"(group|groupId|company)"/,
  'segment-http': /"(group|groupId|company)"/,
  mixpanel: /"organizationId"/,
  amplitude: /"groups"/,
  posthog: /"\$group/,
};

/** What identifies a person → how it would be found in a request. */
const PERSONAL: ReadonlyArray<readonly [field: string, values: readonly string[]]> = [
  ['userId', ['5f7c8ec7c33c6c004bbafe82']],
  ['name', ['Ada Lovelace']],
  ['givenName', ['John']],
  ['familyName', ['Smith']],
  ['username', ['jsmith']],
  ['email', ['j+smith@example.com']],
  ['phone', ['18882352699']],
  ['picture', ['gravatar.com']],
  ['ip', ['13.33.86.47']],
  ['userAgent', ['Firefox', 'Linux']],
  ['coordinates', ['47.61793', '122.19584']],
];

describe.each(sinks)('what %s sends', (name, sink) => {
  /** The fields of which something is found in what is sent of a SignUp and a Login. */
  const getFound = async (secrets: Record<string, string>): Promise<readonly string[]> => {
    const activities = (['SignUp', 'Login'] as const).map((type) =>
      toFull(type, secrets, { name: 'Ada Lovelace' }),
    );
    const sent = await getSent(sink, activities as readonly Activity[] as Activities);
    return PERSONAL.flatMap(([field, values]) => (values.some((value) => sent.includes(value)) ? field : []));
  };

  it('includes personal data if nothing is omitted', async () => {
    const found = await getFound({ OMIT_FIELDS: 'none' });
    expect(found).toEqual(expect.arrayContaining(['userId', 'name', 'username', 'email', 'ip', 'userAgent']));
  });

  it('has no telephone number, picture or coordinates by default', async () => {
    const found = await getFound({ OMIT_FIELDS: '' });
    expect(found.filter((field) => ['phone', 'picture', 'coordinates'].includes(field))).toEqual([]);
  });

  it('has none of the fields to omit', async () => {
    expect(await getFound({ OMIT_FIELDS: OMITTABLE_FIELDS.join() })).toEqual(['userId']);
  });

  it.each(OMITTABLE_FIELDS)('has no %s if it alone is to be omitted', async (field) => {
    expect(await getFound({ OMIT_FIELDS: field })).not.toContain(field);
  });

  it('has none of the fields to hash as they are', async () => {
    const found = await getFound({ HASH_FIELDS: HASHABLE_FIELDS.join(), HASH_KEY: 'k3y' });
    expect(found.filter((field) => field !== 'coordinates')).toEqual([]);
  });

  it('has no group with GROUPS=off', async () => {
    const off = { GROUPS: 'off' };
    expect(await getSent(sink, [toFull('SignUp', off), toFull('Login', off)])).not.toMatch(
      GROUP[name] ?? /"group/,
    );
  });

  it.runIf(name in GROUP)('has a group by default', async () => {
    for (const activity of [SIGN_UP, LOGIN])
      expect(await getSent(sink, [activity])).toMatch(GROUP[name] ?? '');
  });
});
