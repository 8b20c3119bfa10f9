import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { STRING_LIMIT_CHARS } from '../../lib/activity.ts';
import { createAction } from '../../lib/create-action.ts';
import type { Outcome } from '../../lib/outcome.ts';
import { collectOutcomes } from '../../tools/simulator/outcomes.ts';
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
import { complete, resetTime, useVirtualTime } from './virtual-time.ts';

useVirtualTime();
const network = new Network();

const api = { user: { setAppMetadata: () => {} }, access: { deny: () => {} } };

const sinkName = fc.constantFrom(...SINKS.map(({ name }) => name));

/** Records a login at a vendor that accepts what is valid. */
const record = async (
  name: string,
  event: object,
  settings: Readonly<Record<string, string>>,
): Promise<readonly Outcome[]> => {
  const handler = createAction(getSinks([name]), { console: { log: () => {} } });
  const secrets = { ...getVendorSecrets(name), KEENIO_LOGIN_COLLECTION: 'logins', ...settings };
  const work = collectOutcomes(() => handler({ ...event, secrets } as Parameters<typeof handler>[0], api));
  return (await complete(work, network.isBusy)).outcomes;
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
    // Splunk's batches are lines of JSON.
    ...body.split('\n').flatMap((line) => getStrings(JSON.parse(line))),
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
      resetTime();
      network.reset();
      const outcomes = await record(name, toStrangeEvent(login), settings);
      expect(outcomes.map(toSummary)).toEqual([`${name} delivered`]);
    },
    { runs: 300 },
  );

  property(
    'is valid JSON of well-formed Unicode, and no string of it is too long',
    fc.tuple(sinkName, strangeLogin, validSettings),
    async ([name, login, settings]) => {
      resetTime();
      network.reset();
      await record(name, toStrangeEvent(login), settings);
      expect(network.sent.length).toBe(1);
      const strings = getSentStrings();
      expect(strings.filter((value) => !value.isWellFormed())).toEqual([]);
      expect(strings.filter(({ length }) => length > STRING_LIMIT_CHARS)).toEqual([]);
    },
    { runs: 300 },
  );
});

/** Personal data, by the names of the settings. */
const PERSONAL_PATHS: Readonly<Record<string, readonly string[]>> = {
  userId: ['user', 'user_id'],
  name: ['user', 'name'],
  email: ['user', 'email'],
  ip: ['request', 'ip'],
  userAgent: ['request', 'user_agent'],
};

describe('what the operator does not want to be sent', () => {
  const names = Object.keys(PERSONAL_PATHS);
  const letters = fc.string({
    unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzÄßﬁİ😀'),
    minLength: 12,
    maxLength: 30,
  });

  /** Values that nothing else contains, some of which are the same in another case. */
  const person = fc
    .tuple(fc.tuple(letters, letters, letters, letters, letters), fc.array(fc.nat(4), { maxLength: 2 }))
    .map(([values, equals]) =>
      Object.fromEntries(
        names.map((name, index) => [name, equals.includes(index) ? values[0].toUpperCase() : values[index]]),
      ),
    );

  property(
    'is nowhere in a request, neither as it is nor in another field of the same value',
    fc.record({
      sinkName,
      login: loginInput,
      person,
      omitted: fc.subarray(names.filter((name) => name !== 'userId')),
      hashed: fc.subarray(names),
    }),
    async ({ sinkName, login, person, omitted, hashed }) => {
      resetTime();
      network.reset();
      const event = toEvent(login);
      for (const [name, path] of Object.entries(PERSONAL_PATHS)) setAt(event, path, person[name]);
      await record(sinkName, event, {
        OMIT_FIELDS: omitted.join(),
        HASH_FIELDS: hashed.join(),
        HASH_KEY: 'a key of the hashes',
      });
      const sent = getSentStrings().join('\n').toLowerCase();
      const isId = (value = '') => value.toLowerCase() === person.userId?.toLowerCase();
      for (const name of new Set([...omitted, ...hashed])) {
        // An activity belongs to somebody: the id of the user is sent unless it is hashed itself.
        if (!hashed.includes('userId') && isId(person[name])) continue;
        expect(sent).not.toContain(person[name]?.toLowerCase());
      }
    },
    { runs: 300 },
  );
});
