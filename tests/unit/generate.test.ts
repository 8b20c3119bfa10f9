import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { toLogin } from '../../lib/activity.ts';
import { baseUrl, credential } from '../../lib/formats.ts';
import { required } from '../../lib/secrets.ts';
import { defineSink } from '../../lib/sink.ts';
import type { DestinationFile } from '../../tools/scripts/generate/destination-file.ts';
import { findDestinations } from '../../tools/scripts/generate/destinations.ts';
import { toDocuments } from '../../tools/scripts/generate/documents.ts';
import { EVENT, LOGIN } from '../../tools/scripts/generate/example.ts';
import { fillBlocks, list, table } from '../../tools/scripts/generate/markdown.ts';
import { getLeaves, getPayloadFields } from '../../tools/scripts/generate/origins.ts';
import { fieldsTable } from '../../tools/scripts/generate/sent-fields.ts';
import { generateFiles } from '../../tools/scripts/generate.ts';
import { ROOT } from '../../tools/shared/manifest.ts';
import { exampleEvent } from '../../tools/simulator/auth0/example-event.ts';
import { documents, readDocument } from '../support/markdown.ts';

const files = await generateFiles();

describe('generated files', () => {
  it.each([...files])('are up to date: %s', (file, content) => {
    expect(existsSync(path.join(ROOT, file)) && readFileSync(path.join(ROOT, file), 'utf8')).toBe(content);
  });

  it('leave no generated block of a document out', () => {
    const withBlocks = documents.filter((file) => readDocument(file).includes('<!-- generated: '));
    expect([...files.keys()]).toEqual(expect.arrayContaining(withBlocks));
  });
});

describe('findDestinations', () => {
  it('finds every file of actions/ that is written by hand, and the packages that its Action needs', async () => {
    const found = (await findDestinations()).map(({ name, identifier, dependencies }) => [
      name,
      identifier,
      ...dependencies,
    ]);
    expect(found).toEqual(
      expect.arrayContaining([
        ['splunk', 'splunk', 'axios'],
        ['segment', 'segment', 'axios', '@segment/analytics-node'],
        ['segment-http', 'segmentHttp', 'axios'],
      ]),
    );
    expect(found[0]?.[0]).toBe('splunk');
  });
});

describe('the page of a new destination', async () => {
  const acme = defineSink({
    name: 'acme',
    title: 'Acme, Events API',
    docs: ['https://acme.example.com/docs/events'],
    secrets: {
      ACME_URL: required(baseUrl, 'URL of Acme'),
      ACME_TOKEN: required(credential, 'Token of Acme'),
    },
    toPayload: ({ id, type, user }) => ({ id: `acme-${id}`, name: type.toLowerCase(), mail: user.email }),
    send: () => Promise.resolve(),
  });
  const destination: DestinationFile = {
    name: 'acme',
    identifier: 'acme',
    sink: acme,
    dependencies: ['axios'],
    responses: [
      { status: 401, meaning: 'the token is wrong', remedy: 'copy ACME_TOKEN again' },
      { status: 503, text: 'Busy', code: 9 },
    ],
  };
  const page = toDocuments([destination]).get('docs/destinations/acme.md');

  it('says what is left to be written', () => {
    expect(page?.match(/^TODO/gm)).toHaveLength(5);
  });

  it('shows the responses that have a remedy', () => {
    expect(page).toContain('| 401 | the token is wrong | copy ACME_TOKEN again |');
    expect(page).not.toContain('Busy');
  });

  it('shows secrets, event names and the origin of each field', () => {
    expect(page).toContain('| `ACME_URL` | **required** | URL of Acme |');
    expect(page).toContain('`name` is `signup` for a SignUp and `login` for a Login.');
    expect(page).toContain('| `id` | made of the id of the event |');
    expect(page).toContain('| `mail` | `event.user.email` |');
  });
});

describe('the example', () => {
  it('has every field that is read of an event', () => {
    const fields = getLeaves(toLogin(exampleEvent(), new Date()));
    expect([...getLeaves(LOGIN).keys()]).toEqual(expect.arrayContaining([...fields.keys()]));
  });

  it('has no value twice, which would show two origins', () => {
    const values = [...getLeaves({ ...EVENT, secrets: {} }).values()];
    expect(values.filter((value, index) => values.indexOf(value) !== index)).toEqual([]);
  });
});

describe('getPayloadFields', () => {
  it('says where the fields that Splunk is sent come from', async () => {
    const splunk = (await findDestinations()).find(({ name }) => name === 'splunk');
    const origins = splunk && getPayloadFields(splunk.sink).map(({ path, origin }) => [path, origin]);
    expect(origins).toEqual(
      expect.arrayContaining([
        ['time', 'the time of the event'],
        ['source', 'secret `SPLUNK_SOURCE`'],
        ['event.message', 'secret `SPLUNK_SIGNUP_EVENT` or `SPLUNK_LOGIN_EVENT`'],
        ['event.clientIP', '`event.request.ip`'],
        ['event.userId', '`event.user.user_id`'],
        ['event.plan', 'setting `PROPERTIES`'],
        ['event.role', 'setting `USER_PROPERTIES`'],
        ['event.mfa', 'whether `event.authentication.methods[].name` has `mfa`'],
        ['event.emailVerified', '`event.user.email_verified`'],
        ['event.authentication_method', 'made of `event.authentication.methods[].name`'],
      ]),
    );
  });

  it('finds the fields that a value is parsed from', async () => {
    const mixpanel = (await findDestinations()).find(({ name }) => name === 'mixpanel');
    const browser = mixpanel && getPayloadFields(mixpanel.sink).find(({ path }) => path.endsWith('$browser'));
    expect(browser).toEqual({
      path: 'event.properties.$browser',
      origin: 'made of `event.request.user_agent`',
      activityFields: ['request.userAgent'],
    });
  });
});

describe('the fields in docs/privacy.md', async () => {
  const table = fieldsTable(await findDestinations());

  it('name the settings that leave a field out', () => {
    expect(table).toContain('| `OMIT_FIELDS=email` or `HASH_FIELDS=email` |');
    expect(table).toContain('| `HASH_FIELDS=userId` |');
  });

  it('are left out by default as the settings say', () => {
    const rows = table.split('\n').filter((row) => row.endsWith('| left out by default |'));
    expect(rows.map((row) => /`(event\.[^`]+)`/.exec(row)?.[1])).toEqual([
      'event.user.phone_number',
      'event.user.picture',
      'event.request.geoip.latitude',
      'event.request.geoip.longitude',
    ]);
  });
});

describe('getLeaves', () => {
  it('names the items of a list by their key where they have one, and others alike', () => {
    const value = {
      a: { b: 1, none: null },
      list: ['x', 'y'],
      attributes: [{ key: 'user.id', value: { s: 'ada' } }],
    };
    expect([...getLeaves(value)]).toEqual([
      ['a.b', 1],
      ['list[]', 'y'],
      ['attributes["user.id"].s', 'ada'],
    ]);
  });
});

describe('fillBlocks', () => {
  it('replaces what stands in a block, on its own lines or within one', () => {
    const document =
      'a <!-- generated: x -->old<!-- /generated --> b\n\n<!-- generated: x -->\n<!-- /generated -->\n';
    expect(fillBlocks(document, () => 'new')).toBe(
      'a <!-- generated: x -->new<!-- /generated --> b\n\n<!-- generated: x -->\n\nnew\n\n<!-- /generated -->\n',
    );
  });

  it('changes nothing the second time', () => {
    const filled = fillBlocks('<!-- generated: x -->\n<!-- /generated -->', () => 'new\n\nlines');
    expect(fillBlocks(filled, () => 'new\n\nlines')).toBe(filled);
  });

  it('throws for a block that nobody generates', () => {
    expect(() => fillBlocks('<!-- generated: y --><!-- /generated -->', () => undefined)).toThrow('named y');
  });
});

describe('table', () => {
  it('escapes what would end a cell', () => {
    expect(table(['a'], [['x | y']])).toBe('| a |\n| --- |\n| x \\| y |');
  });
});

describe('list', () => {
  it.each([
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
  ])('joins %j', (items, expected) => {
    expect(list(items)).toBe(expected);
  });
});
