/** What is omitted or hashed reaches no destination, in no field and in no form. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signUpId } from '../../lib/activity.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import type { VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { getActivities, getTypes, openSandbox, TENANT } from '../support/sandbox.ts';

const HASH_KEY = 'Jefe';

const hmac = (value: string): string => createHmac('sha256', HASH_KEY).update(value).digest('hex');

/** Each looks different in JSON, in a URL and in base64. */
const PERSON = {
  userId: 'auth0|ada "the first"/é',
  name: 'Ada "Lady" Lovelace \\ é',
  givenName: 'Augusta "é"',
  familyName: 'King \\ é',
  username: 'countess "ada" é',
  email: 'ada+"work"@example.com',
  phone: '+44 20 "7123" é',
  picture: 'https://example.com/ada "é".png',
  ip: '2001:db8::7',
  userAgent: 'Mozilla/5.0 ("X11"; é)',
};
const FIELDS = Object.keys(PERSON);
const OMITTABLE_FIELDS = FIELDS.filter((field) => field !== 'userId');
const PROFILE = {
  user_id: PERSON.userId,
  name: PERSON.name,
  given_name: PERSON.givenName,
  family_name: PERSON.familyName,
  username: PERSON.username,
  email: PERSON.email,
  phone_number: PERSON.phone,
  picture: PERSON.picture,
};
const REQUEST = { request: { ip: PERSON.ip, user_agent: PERSON.userAgent } };

/** The value as it is, in JSON, in a URL, and wherever it can stand in base64. */
const toForms = (value: string): string[] => [
  value,
  JSON.stringify(value).slice(1, -1),
  encodeURI(value),
  encodeURIComponent(value),
  ...[0, 1, 2].map((offset) =>
    Buffer.from(' '.repeat(offset) + value)
      .toString('base64')
      .slice(4, -4),
  ),
];

const getSentFields = ({ requests }: VendorMock): string[] => {
  const content = requests.map(({ path, headers, body }) => JSON.stringify(headers) + path + body).join('\n');
  return Object.entries(PERSON).flatMap(([field, value]) =>
    toForms(value).some((form) => content.includes(form)) ? field : [],
  );
};

const getHashedFields = ({ requests }: VendorMock): string[] => {
  const bodies = requests.map(({ body }) => body).join('\n');
  return Object.entries(PERSON).flatMap(([field, value]) => (bodies.includes(hmac(value)) ? field : []));
};

/** A sandbox in which the person has signed up and logged in. */
const recordPerson = async (name: string, secrets: Record<string, string>) => {
  const sandbox = await openSandbox({
    names: [name],
    secrets: { ...secrets, HASH_KEY },
    profile: PROFILE,
  });
  for (const expected of ['SignUp', 'Login']) {
    const { line } = await sandbox.logIn(REQUEST);
    expect([expected, line]).toEqual([expected, '']);
  }
  const mock = sandbox.getMock(name);
  expect(getTypes(mock)).toEqual(['SignUp', 'Login']);
  return { sandbox, mock };
};

describe.each((await loadSinks()).map(({ name }) => name))('%s', (name) => {
  it('sends who it is, but neither phone number nor picture by default', async () => {
    const { mock } = await recordPerson(name, {});
    const fields = getSentFields(mock);
    expect(fields).toEqual(expect.arrayContaining(['userId', 'name', 'email', 'ip', 'userAgent']));
    expect(fields).not.toEqual(expect.arrayContaining(['phone']));
    expect(fields).not.toEqual(expect.arrayContaining(['picture']));
  });

  it('sends no field that is omitted', async () => {
    const { mock } = await recordPerson(name, { OMIT_FIELDS: OMITTABLE_FIELDS.join(',') });
    expect(getSentFields(mock)).toEqual(['userId']);
  });

  it('sends the hash of each field that it would send otherwise', async () => {
    const { mock: plain } = await recordPerson(name, { OMIT_FIELDS: 'none' });
    const { mock } = await recordPerson(name, { OMIT_FIELDS: 'none', HASH_FIELDS: FIELDS.join(',') });
    expect(getSentFields(mock)).toEqual([]);
    expect(getHashedFields(mock)).toEqual(getSentFields(plain));
    expect(getActivities(mock)[0]).toMatchObject({
      type: 'SignUp',
      id: signUpId(TENANT, hmac(PERSON.userId)),
      userId: hmac(PERSON.userId),
    });
  });

  it('sends no trace of the person if everything is omitted, and the id hashed', async () => {
    const { mock } = await recordPerson(name, {
      OMIT_FIELDS: OMITTABLE_FIELDS.join(','),
      HASH_FIELDS: FIELDS.join(','),
    });
    expect(getSentFields(mock)).toEqual([]);
    expect(getHashedFields(mock)).toEqual(['userId']);
  });

  it('sends the hash of what was buffered meanwhile', async () => {
    const { sandbox, mock } = await recordPerson(name, {
      OMIT_FIELDS: 'none',
      HASH_FIELDS: FIELDS.join(','),
    });
    mock.injectFault({ response: { status: 501 } }, { count: 1 });
    await sandbox.logIn(REQUEST);
    const before = mock.requests.length;
    await sandbox.logIn({ ...REQUEST, request: { ip: '203.0.113.99', user_agent: 'another' } });
    expect(mock.requests.length).toBeGreaterThan(before + 1);
    expect(getSentFields(mock)).toEqual([]);
    expect(mock.requests.at(-1)?.body).toContain(hmac(PERSON.ip));
  });
});
