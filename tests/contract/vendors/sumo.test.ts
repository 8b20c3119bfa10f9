import { beforeEach, describe, expect, it } from 'vitest';
import { sumo } from '../../../tools/simulator/vendors/sumo.ts';
import { duplicates, mock, post, startMock } from '../../support/vendor.ts';

describe('mock Sumo Logic', () => {
  beforeEach(() => startMock(sumo));

  const LOG = {
    timestamp: '2026-01-31T12:00:00.123Z',
    createdAt: '2019-05-04T10:20:30.000Z',
    type: 'SignUp',
    id: '1',
    userId: 'auth0|ada',
  };

  const send = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    post(new URL(mock.secrets.SUMO_URL ?? '').pathname, headers, body);

  it('stores one log a line, with the metadata of the request', async () => {
    const headers = {
      'X-Sumo-Category': 'auth0/activity',
      'X-Sumo-Name': 'auth0',
      'X-Sumo-Fields': 'env=prod,team=identity',
    };
    const login = { ...LOG, id: '2', type: 'Login' };
    const response = await send(`${JSON.stringify(LOG)}\n${JSON.stringify(login)}\n`, headers);
    expect([response.status, await response.text()]).toEqual([200, '']);
    const metadata = {
      _sourceCategory: 'auth0/activity',
      _sourceName: 'auth0',
      env: 'prod',
      team: 'identity',
    };
    expect(mock.events).toMatchObject([
      { id: '1', type: 'SignUp', userId: 'auth0|ada', payload: { ...LOG, ...metadata } },
      { id: '2', type: 'Login', payload: metadata },
    ]);
  });

  it('dates a log by the first timestamp in it', async () => {
    const { timestamp, createdAt, ...others } = LOG;
    await send(JSON.stringify(LOG));
    await send(JSON.stringify({ createdAt, timestamp, ...others }));
    expect(mock.events).toMatchObject([
      { payload: { _messageTime: timestamp } },
      { payload: { _messageTime: createdAt } },
    ]);
  });

  it('stores a log twice, which is a duplicate', async () => {
    await send(JSON.stringify(LOG));
    await send(JSON.stringify(LOG));
    expect(duplicates()).toEqual([false, true]);
  });

  it('stores a line that is no JSON', async () => {
    expect((await send('something happened')).status).toBe(200);
    expect(mock.events).toMatchObject([{ type: 'other', payload: { _raw: 'something happened' } }]);
  });

  it('rejects an unknown code', async () => {
    expect((await post('/receiver/v1/http/other', {}, LOG)).status).toBe(401);
    expect(mock.events).toEqual([]);
  });
});
