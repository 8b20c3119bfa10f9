import { describe, expect, it, vi } from 'vitest';
import { segment } from '../../actions/segment.ts';
import { segmentHttp } from '../../actions/segment-http.ts';
import { type Activity, toLogin } from '../../lib/activity.ts';
import { parseSecrets } from '../../lib/settings.ts';
import type { Activities } from '../../lib/sink.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, login, SIGN_UP, someLogins, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const LATER = new Date('2026-01-31T12:00:30.000Z');
const ENDPOINT = 'https://api.segment.io/v1/batch';
const SUCCESS = { success: true };

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(segment, { SEGMENT_WRITE_KEY: 'WR1TE', ...input });

/** The calls of an activity, as the SDK sends them. */
const getCalls = (activity: Activity): unknown[] =>
  Object.entries(segment.toPayload(activity, parse(), NOW)).map(([type, call]) =>
    overTheWire({ type, ...call }),
  );

describe('segment.toPayload', () => {
  it('is that of segment-http, so that changing between the two changes no event', () => {
    expect(segment.toPayload).toBe(segmentHttp.toPayload);
    expect(segment.secrets).toEqual(segmentHttp.secrets);
  });

  it("keeps every field of Auth0's Rule", () => {
    const event = login({ user: { ...login().user, last_login: '2026-01-31T11:59:59.000Z' } });
    const context = { userAgent: 'curl/7.64.1', ip: '13.33.86.47' };
    expect(segment.toPayload(toLogin(event, NOW), parse(), NOW)).toMatchObject({
      identify: {
        userId: 'auth0|5f7c8ec7c33c6c004bbafe82',
        traits: {
          email: 'j+smith@example.com',
          signed_up: new Date('2019-05-04T10:20:30.000Z'),
          login_count: 62,
          last_login: new Date('2026-01-31T11:59:59.000Z'),
        },
        context,
      },
      track: {
        userId: 'auth0|5f7c8ec7c33c6c004bbafe82',
        event: 'Logged In',
        properties: {
          clientName: 'All Applications',
          clientID: 'gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR',
          connection: 'Username-Password-Authentication',
        },
        context,
      },
    });
  });
});

describe('segment.send', () => {
  it.each([
    ['of a user in an organization', toFull('SignUp')],
    ['of a user outside of organizations', LOGIN],
  ])('sends the calls %s in one request', async (_, activity) => {
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(segment, [activity], parse());
    expect(network.requests).toMatchObject([
      {
        method: 'POST',
        url: ENDPOINT,
        headers: { authorization: `Basic ${btoa('WR1TE:')}`, 'content-type': 'application/json' },
        body: { batch: getCalls(activity), sentAt: NOW.toISOString(), writeKey: 'WR1TE' },
      },
    ]);
  });

  it.each([1, 2, 50])('sends a batch of %d activities as one request', async (count) => {
    network.respond(ENDPOINT, 200, SUCCESS);
    const activities = someLogins(count);
    await send(segment, activities as readonly Activity[] as Activities, parse());
    expect(network.requests).toMatchObject([{ body: { batch: activities.flatMap(getCalls) } }]);
  });

  it('sends the same on every attempt but for the time of sending', async () => {
    network.respond(ENDPOINT, 200, SUCCESS);
    await send(segment, [SIGN_UP, LOGIN], parse());
    vi.setSystemTime(LATER);
    await send(segment, [SIGN_UP, LOGIN], parse());
    const [first, second] = network.requests.map(({ body }) => body as object);
    expect(first).toMatchObject({ sentAt: NOW.toISOString() });
    expect(second).toEqual({ ...first, sentAt: LATER.toISOString() });
  });

  it.each([
    ['the US', { SEGMENT_REGION: 'us' }, ENDPOINT],
    ['the EU', { SEGMENT_REGION: 'eu' }, 'https://events.eu1.segmentapis.com/v1/batch'],
    ['another server', { SEGMENT_HOST: 'https://rudder.acme.com/' }, 'https://rudder.acme.com/v1/batch'],
    ['a path', { SEGMENT_HOST: 'https://acme.com/rudder' }, 'https://acme.com/rudder/v1/batch'],
    [
      'another server, whatever the region',
      { SEGMENT_HOST: 'https://rudder.acme.com:8443', SEGMENT_REGION: 'eu' },
      'https://rudder.acme.com:8443/v1/batch',
    ],
  ])('sends to %s', async (_, input, url) => {
    network.respond(url, 200, SUCCESS);
    await send(segment, [LOGIN], parse(input));
    expect(network.requests).toMatchObject([{ url }]);
  });

  it.each([
    ['Segment', SUCCESS],
    ['RudderStack', '"OK"'],
  ])('resolves when %s accepts', async (_, body) => {
    network.respond(ENDPOINT, 200, body);
    await expect(send(segment, [SIGN_UP, LOGIN], parse())).resolves.toBeUndefined();
  });

  it.each([
    ['a page of HTML', 200, HTML_PAGE],
    ["Splunk's JSON", 200, { text: 'Success', code: 0 }],
    ['a failure', 200, { success: false }],
    ['nothing', 200, ''],
    ['nothing', 204, undefined],
  ])('rejects %s with status %d', async (_, status, body) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(segment, [LOGIN], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [400, { message: 'Too large' }, 'RejectedError'],
    [429, { message: 'Slow down' }, 'UnavailableError'],
    [500, { message: 'Try again' }, 'UnavailableError'],
  ])('reports why Segment responds with %d, after one request', async (status, body, name) => {
    network.respond(ENDPOINT, status, body);
    await expect(send(segment, [LOGIN], parse())).rejects.toMatchObject({
      name,
      status,
      vendorMessage: body.message,
    });
    expect(network.requests).toHaveLength(1);
  });
});
