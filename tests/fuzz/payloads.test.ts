import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { createAction } from '../../lib/create-action.ts';
import type { Outcome } from '../../lib/outcome.ts';
import { collectOutcomes } from '../../tools/simulator/outcomes.ts';
import { resetClock, settle, useFakeClock } from '../support/clock.ts';
import {
  getSinks,
  hostileString,
  loginInput,
  longString,
  SINKS,
  setAt,
  stringPaths,
  toEvent,
  validSettings,
} from './arbitraries.ts';
import { property } from './property.ts';
import { getVendorSecrets, Network } from './vendors.ts';

useFakeClock();
const network = new Network();

const api = { user: { setAppMetadata: () => {} }, access: { deny: () => {} } };

/** Keen's, the shortest of all. */
const STRING_LIMIT_CHARS = 10_000;

const sinkName = fc.constantFrom(...SINKS.map(({ name }) => name));

/** Records a login at a vendor that accepts what is valid. */
const record = async (
  name: string,
  event: object,
  settings: Readonly<Record<string, string>>,
): Promise<readonly Outcome[]> => {
  const handler = createAction(getSinks([name]), { console: { log: () => {} } });
  const secrets = {
    ...getVendorSecrets(name),
    KEENIO_LOGIN_COLLECTION: 'logins',
    SLACK_LOGINS: 'true',
    ...settings,
  };
  const work = collectOutcomes(() => handler({ ...event, secrets } as Parameters<typeof handler>[0], api));
  return (await settle(work, network.isBusy)).outcomes;
};

const toSummary = ({ destination, status, ...details }: Outcome): string =>
  [
    destination,
    status,
    ...('message' in details ? [details.message, network.sent[0]?.body.length] : []),
  ].join(' ');

/** Every string in what was sent, names of properties included. */
const getSentStrings = (): string[] =>
  network.sent.flatMap(({ body, headers }) => [
    // Some vendors get lines of JSON, and Elasticsearch one more line break.
    ...body
      .trimEnd()
      .split('\n')
      .flatMap((line) => getStrings(JSON.parse(line))),
    ...getStrings(headers),
  ]);

const getStrings = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [name, ...getStrings(item)]);
};

describe('what is sent to a vendor', () => {
  /** What becomes of the strings of an event: each can be anything, and all can be as long as they come. */
  const strings = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.array(fc.record({ path: fc.constantFrom(...stringPaths), value: hostileString }), {
        maxLength: 30,
        size: 'max',
      }),
    },
    { weight: 1, arbitrary: longString.map((value) => stringPaths.map((path) => ({ path, value }))) },
  );
  const strangeLogin = fc.record({ login: loginInput, strings });

  const toStrangeEvent = ({
    login,
    strings,
  }: typeof strangeLogin extends fc.Arbitrary<infer T> ? T : never) => {
    const event = toEvent(login);
    for (const { path, value } of strings) setAt(event, path, value);
    return event;
  };

  property(
    'is accepted, whatever the strings of the event are',
    fc.tuple(sinkName, strangeLogin, validSettings),
    async ([name, login, settings]) => {
      resetClock();
      network.reset();
      const outcomes = await record(name, toStrangeEvent(login), settings);
      expect([`${name} delivered`, `${name} skipped`]).toContain(outcomes.map(toSummary).join());
    },
    { runs: 100 },
  );

  property(
    'is valid JSON of well-formed Unicode, and no string of it is too long',
    fc.tuple(sinkName, strangeLogin, validSettings),
    async ([name, login, settings]) => {
      resetClock();
      network.reset();
      await record(name, toStrangeEvent(login), settings);
      const strings = getSentStrings();
      expect(strings.filter((value) => !value.isWellFormed())).toEqual([]);
      expect(strings.filter(({ length }) => length >= STRING_LIMIT_CHARS)).toEqual([]);
    },
    { runs: 60 },
  );
});

/** Personal data, by the names that the settings have for it; the last two are properties. */
const PERSONAL_PATHS = {
  userId: ['user', 'user_id'],
  name: ['user', 'name'],
  givenName: ['user', 'given_name'],
  familyName: ['user', 'family_name'],
  username: ['user', 'username'],
  email: ['user', 'email'],
  phone: ['user', 'phone_number'],
  picture: ['user', 'picture'],
  ip: ['request', 'ip'],
  userAgent: ['request', 'user_agent'],
  nickname: ['user', 'nickname'],
  street: ['user', 'user_metadata', 'street'],
};
type PersonalField = keyof typeof PERSONAL_PATHS;

describe('what the operator does not want to be sent', () => {
  const fields = Object.keys(PERSONAL_PATHS) as PersonalField[];
  const omittable = fields.filter((field) => field !== 'userId');
  const unit = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzÄßﬁİ😀');
  const value = fc.string({ unit, minLength: 12, maxLength: 30 });

  /** Values that nothing else contains; some of them are the same in another case. */
  const person = fc
    .tuple(fc.array(value, { minLength: fields.length, maxLength: fields.length }), fc.subarray(fields))
    .map(([values, equal]) => {
      const toValue = (field: PersonalField, index: number) =>
        equal.includes(field) ? values[0]?.toUpperCase() : values[index];
      return Object.fromEntries(fields.map((field, index) => [field, toValue(field, index)]));
    });

  property(
    'is nowhere in a request, neither as it is nor in another field of the same value',
    fc.record({
      sinkName,
      login: loginInput,
      person,
      omitted: fc.subarray([...omittable, 'coordinates']),
      hashed: fc.subarray(fields),
    }),
    async ({ sinkName, login, person, omitted, hashed }) => {
      resetClock();
      network.reset();
      const event = toEvent(login);
      event.request.geoip = { ...event.request.geoip, latitude: 12.345678, longitude: -98.765432 };
      for (const [field, path] of Object.entries(PERSONAL_PATHS)) setAt(event, path, person[field]);
      await record(sinkName, event, {
        PROPERTIES: 'street=user.user_metadata.street',
        USER_PROPERTIES: 'nickname=user.nickname',
        OMIT_FIELDS: omitted.join() || 'none',
        HASH_FIELDS: hashed.join() || 'none',
        HASH_KEY: 'a key of the hashes',
      });
      const sent = getSentStrings().join('\n').toLowerCase();
      const isId = (value = '') => value.toLowerCase() === person.userId?.toLowerCase();
      for (const field of [...omitted, ...hashed]) {
        // An event belongs to somebody: the id of the user is sent unless it is hashed itself.
        const isSent = field === 'coordinates' || (isId(person[field]) && !hashed.includes('userId'));
        if (!isSent) expect(sent, field).not.toContain(person[field]?.toLowerCase());
      }
      if (omitted.includes('coordinates')) {
        expect(network.sent.map(({ body }) => body).join()).not.toMatch(/12\.345|98\.765/);
      }
    },
    { runs: 80 },
  );
});
