import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { webhook as sink } from '../../../actions/webhook.ts';
import type { Activity } from '../../../lib/activity.ts';
import { parseSecrets } from '../../../lib/settings.ts';
import { ASYMMETRIC_SECRET, webhook } from '../../../tools/simulator/vendors/webhook.ts';
import { someLogins } from '../../support/events.ts';
import { send as sendBySink } from '../../support/send.ts';
import { duplicates, mock, post, startMock } from '../../support/vendor.ts';

describe('mock webhook receiver', () => {
  beforeEach(() => startMock(webhook));

  const EVENT = {
    specversion: '1.0',
    id: 'e1',
    source: 'urn:auth0:acme:users',
    type: 'com.auth0.user.signup',
    subject: 'auth0|ada',
    time: '2024-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    data: { name: 'Ada 🎩' },
  };
  const nowS = () => Math.floor(Date.now() / 1000);

  /** Signs the event as a sender does, before `headers` override what is sent. */
  const send = (
    body: unknown,
    headers: Record<string, string> = {},
    timestamp = nowS(),
  ): Promise<Response> => {
    const sent = typeof body === 'string' ? body : JSON.stringify(body);
    const { WEBHOOK_SECRET = '', WEBHOOK_TOKEN } = mock.secrets;
    const signature = createHmac('sha256', Buffer.from(WEBHOOK_SECRET.slice(6), 'base64'))
      .update(`m1.${timestamp}.${sent}`)
      .digest('base64');
    return post(
      '',
      {
        Authorization: `Bearer ${WEBHOOK_TOKEN}`,
        'Content-Type': 'application/cloudevents+json; charset=UTF-8',
        'webhook-id': 'm1',
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${signature}`,
        ...headers,
      },
      sent,
    );
  };

  it('accepts a signed event', async () => {
    expect((await send(EVENT)).status).toBe(200);
    expect(mock.events).toEqual([
      { id: 'e1', type: 'SignUp', userId: 'auth0|ada', payload: EVENT, duplicate: false },
    ]);
  });

  it('accepts an event with its mandatory attributes alone, as application/json', async () => {
    const { specversion, id, source } = EVENT;
    const event = { specversion, id, source, type: 'com.auth0.user.login' };
    expect((await send(event, { 'Content-Type': 'application/json' })).status).toBe(200);
    expect(mock.events).toMatchObject([{ type: 'Login', userId: '' }]);
  });

  it('finds the right signature among several', async () => {
    await send(EVENT);
    const signature = mock.requests[0]?.headers['webhook-signature'];
    const headers = { 'webhook-signature': `v1a,x v1,${'A'.repeat(43)}= ${signature}` };
    expect((await send(EVENT, headers)).status).toBe(200);
  });

  it('accepts the asymmetric signature of the sink, and no other', async () => {
    const [login] = someLogins(1) as [Activity];
    const sign = (key: string) =>
      sendBySink(sink, [login], parseSecrets(sink, { ...mock.secrets, WEBHOOK_SECRET: key }));
    await sign(ASYMMETRIC_SECRET);
    expect(mock.requests[0]?.headers['webhook-signature']).toMatch(/^v1a,/);
    expect(mock.events).toMatchObject([{ id: login.id }]);
    await expect(sign(`whsk_${Buffer.alloc(32).toString('base64')}`)).rejects.toMatchObject({ status: 401 });
  });

  it('deduplicates by webhook-id', async () => {
    await send(EVENT);
    await send({ ...EVENT, id: 'e2' });
    expect(duplicates()).toEqual([false, true]);
  });

  it.each<[string, number, Record<string, string>]>([
    ['no token', 401, { Authorization: '' }],
    ['another token', 401, { Authorization: 'Bearer other' }],
    ['another content type', 415, { 'Content-Type': 'text/plain' }],
    ['a batch', 415, { 'Content-Type': 'application/cloudevents-batch+json' }],
    ['no id', 400, { 'webhook-id': '' }],
    ['another id than the signed one', 401, { 'webhook-id': 'm2' }],
    ['no timestamp', 400, { 'webhook-timestamp': '' }],
    ['a timestamp that is a date', 400, { 'webhook-timestamp': '2024-01-01T00:00:00Z' }],
    ['another timestamp than the signed one', 401, { 'webhook-timestamp': String(nowS() - 100) }],
    ['no signature', 400, { 'webhook-signature': '' }],
    ['another asymmetric signature', 401, { 'webhook-signature': `v1a,${'A'.repeat(86)}==` }],
    ['a signature of an unknown version', 401, { 'webhook-signature': `v2,${'A'.repeat(43)}=` }],
    ['another signature', 401, { 'webhook-signature': `v1,${'A'.repeat(43)}=` }],
  ])('rejects a request: %s', async (_, status, headers) => {
    const response = await send(EVENT, headers);
    expect([response.status, await response.json()]).toEqual([status, { message: expect.any(String) }]);
    expect(mock.events).toEqual([]);
  });

  it.each([
    [-310, 400],
    [-290, 200],
    [290, 200],
    [310, 400],
  ])('responds to a timestamp %d s from now with %d', async (seconds, status) => {
    expect((await send(EVENT, {}, nowS() + seconds)).status).toBe(status);
  });

  it.each<[string, unknown]>([
    ['invalid JSON', '{"id":'],
    ['an array', [EVENT]],
    ['no id', { ...EVENT, id: undefined }],
    ['an empty id', { ...EVENT, id: '' }],
    ['no source', { ...EVENT, source: undefined }],
    ['a source that is not a URI', { ...EVENT, source: 'urn:auth0:a b' }],
    ['no type', { ...EVENT, type: undefined }],
    ['another version', { ...EVENT, specversion: '0.3' }],
    ['an empty subject', { ...EVENT, subject: '' }],
    ['a subject with a line break', { ...EVENT, subject: 'a\nb' }],
    ['a time that is a number', { ...EVENT, time: 1700000000 }],
    ['an invalid content type', { ...EVENT, datacontenttype: 'json' }],
    ['a name in upper case', { ...EVENT, specVersion: '1.0' }],
  ])('rejects an invalid CloudEvent: %s', async (_, body) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ message: expect.stringContaining('Not a CloudEvent') });
    expect(mock.events).toEqual([]);
  });
});
