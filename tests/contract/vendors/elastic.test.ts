import { beforeEach, describe, expect, it } from 'vitest';
import { elastic, USER } from '../../../tools/simulator/vendors/elastic.ts';
import { duplicates, mock, post, startMock } from '../../support/vendor.ts';

const STREAM = 'logs-auth0.activity-default';

describe('mock Elasticsearch', () => {
  beforeEach(() => startMock(elastic));

  const DOCUMENT = {
    '@timestamp': '2026-01-31T12:00:00.123Z',
    user: { id: 'auth0|ada' },
    auth0: { activity: 'SignUp' },
  };

  const toLines = (...lines: unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const create = (id: string) => ({ create: { _id: id } });

  const send = (body: string, index = STREAM, headers: Record<string, string> = {}): Promise<Response> =>
    post(
      `/${index}/_bulk`,
      {
        Authorization: `ApiKey ${mock.secrets.ELASTIC_AUTH}`,
        'Content-Type': 'application/x-ndjson',
        ...headers,
      },
      body,
    );

  it('stores documents, with a result for each', async () => {
    const login = { ...DOCUMENT, auth0: { activity: 'Login' } };
    const response = await send(toLines(create('1'), DOCUMENT, create('2'), login));
    expect([response.status, await response.json()]).toEqual([
      200,
      { errors: false, items: [{ create: { status: 201 } }, { create: { status: 201 } }] },
    ]);
    expect(mock.events).toMatchObject([
      { id: '1', type: 'SignUp', userId: 'auth0|ada', payload: DOCUMENT },
      { id: '2', type: 'Login' },
    ]);
  });

  it('responds 409 for an _id that its index has, and stores it in another', async () => {
    const line = toLines(create('1'), DOCUMENT);
    await send(line);
    expect(await (await send(line)).json()).toMatchObject({
      errors: true,
      items: [{ create: { status: 409, error: { type: 'version_conflict_engine_exception' } } }],
    });
    expect(await (await send(line, 'auth0-activity')).json()).toMatchObject({ errors: false });
    expect(duplicates()).toEqual([false, true, false]);
  });

  it('accepts a user and password', async () => {
    const Authorization = `Basic ${Buffer.from(USER).toString('base64')}`;
    expect((await send(toLines(create('1'), DOCUMENT), STREAM, { Authorization })).status).toBe(200);
  });

  it.each<[string, number, string, Record<string, string>]>([
    ['an unknown API key', 401, toLines(create('1'), DOCUMENT), { Authorization: 'ApiKey b3RoZXI=' }],
    ['another content type', 406, toLines(create('1'), DOCUMENT), { 'Content-Type': 'text/html' }],
    ['a body without a newline at its end', 400, toLines(create('1'), DOCUMENT).trimEnd(), {}],
    ['a document without an operation', 400, toLines(DOCUMENT), {}],
    ['an operation without a document', 400, toLines(create('1')), {}],
    ['another operation than create', 400, toLines({ index: { _id: '1' } }, DOCUMENT), {}],
  ])('rejects a request: %s', async (_, status, body, headers) => {
    const response = await send(body, STREAM, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status, error: { reason: expect.any(String) } });
    expect(mock.events).toEqual([]);
  });

  it.each<[string, object]>([
    ['without @timestamp', { '@timestamp': undefined }],
    ['with a date that is none', { '@timestamp': 'now' }],
    ['with an IP address that is none', { client: { ip: 'f00' } }],
    ['with a location without longitude', { client: { geo: { location: { lat: 1 } } } }],
    ['with an object as a label', { labels: { plan: { name: 'gold' } } }],
  ])('rejects a document %s, and stores the others', async (_, changes) => {
    const response = await send(toLines(create('1'), { ...DOCUMENT, ...changes }, create('2'), DOCUMENT));
    expect(await response.json()).toMatchObject({
      errors: true,
      items: [
        { create: { status: 400, error: { type: 'document_parsing_exception' } } },
        { create: { status: 201 } },
      ],
    });
    expect(mock.events).toMatchObject([{ id: '2' }]);
  });

  it('rejects documents for an index on which there is no privilege', async () => {
    expect(await (await send(toLines(create('1'), DOCUMENT), 'payroll')).json()).toMatchObject({
      items: [{ create: { status: 403 } }],
    });
    expect(mock.events).toEqual([]);
  });
});
