import { describe, expect, it } from 'vitest';
import { toMessage } from '../../actions/shared/slack.ts';
import { slack } from '../../actions/slack.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { NOW, useFixedClock } from '../support/clock.ts';
import { LOGIN, SIGN_UP, toFull } from '../support/events.ts';
import { fakeNetwork, HTML_PAGE, overTheWire } from '../support/network.ts';
import { FOREIGN_RESPONSE, send } from '../support/send.ts';

const ENDPOINT = 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX';

const network = fakeNetwork();
useFixedClock();

const parse = (input: Record<string, string> = {}) =>
  parseSecrets(slack, { SLACK_WEBHOOK_URL: ENDPOINT, ...input });

const getTexts = (message: ReturnType<typeof toMessage>): string[] => [
  message.text,
  ...Array.from(JSON.stringify(message.blocks).matchAll(/"text":("[^"]*")/g), ([, text = '']) =>
    JSON.parse(text),
  ),
];

describe('slack.toPayload', () => {
  it('says who signed up, and where', () => {
    expect(slack.toPayload(SIGN_UP, parse(), NOW).text).toBe(
      'New sign-up: j+smith@example.com (All Applications)',
    );
  });

  it('names the events as the secrets do', () => {
    const secrets = parse({ SLACK_SIGNUP_EVENT: 'Hooray', SLACK_LOGIN_EVENT: 'Back again' });
    expect(slack.toPayload(SIGN_UP, secrets, NOW).text).toMatch(/^Hooray: /);
    expect(slack.toPayload(LOGIN, secrets, NOW).text).toMatch(/^Back again: /);
  });

  it('names the user by the id if nothing else is known', () => {
    const activity = { ...LOGIN, user: { id: 'u-1', auth0Id: 'u-1', properties: {} }, application: {} };
    expect(slack.toPayload(activity, parse(), NOW).text).toBe('Login: u-1');
  });
});

describe('toMessage', () => {
  it('is a message of Block Kit', () => {
    const message = toMessage(slack.toPayload(toFull('SignUp'), parse(), NOW));
    expect(overTheWire(message)).toMatchInlineSnapshot(`
      {
        "blocks": [
          {
            "text": {
              "text": "*New sign-up: j+smith@example.com (All Applications)*",
              "type": "mrkdwn",
              "verbatim": true,
            },
            "type": "section",
          },
          {
            "fields": [
              {
                "text": "*application*
      All Applications",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "*email*
      j+smith@example.com",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "*connection*
      Username-Password-Authentication",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "*organization*
      my-organization",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "*country*
      US",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "*city*
      Bellevue",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "*name*
      j+smith@example.com",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "*ip*
      13.33.86.47",
                "type": "mrkdwn",
                "verbatim": true,
              },
            ],
            "type": "section",
          },
          {
            "elements": [
              {
                "text": "seats: 3",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "plan: gold",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "clientId: gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "userAgent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "tenant: example",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "protocol: oidc-basic-profile",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "strategy: auth0",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "organizationId: org_juG7cAQ0CymOcVpV",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "organizationName: My Organization",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "methods: mfa, passkey",
                "type": "mrkdwn",
                "verbatim": true,
              },
            ],
            "type": "context",
          },
          {
            "elements": [
              {
                "text": "mfa: true",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "givenName: John",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "familyName: Smith",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "username: jsmith",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "emailVerified: true",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "phone: 18882352699",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "picture: http://www.gravatar.com/avatar/?d=identicon",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "createdAt: 2026-01-31T11:59:00.123Z",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "loginsCount: 1",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "lastLogin: 2026-01-30T09:00:00.000Z",
                "type": "mrkdwn",
                "verbatim": true,
              },
            ],
            "type": "context",
          },
          {
            "elements": [
              {
                "text": "language: en",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "hostname: example.auth0.com",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "asn: AS13335",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "continent: NA",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "region: Washington",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "latitude: 47.61793",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "longitude: -122.19584",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "timeZone: America/Los_Angeles",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "sessionId: session-1",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "anonymousId: 0d9e4c1b-visitor",
                "type": "mrkdwn",
                "verbatim": true,
              },
            ],
            "type": "context",
          },
          {
            "elements": [
              {
                "text": "referrer: https://news.example.com/shops",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "utm_source: newsletter",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "utm_campaign: winter-sale",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "gclid: Cj0KCQ",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "type: SignUp",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "time: 2026-01-31T11:59:00.123Z",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "userId: auth0|5f7c8ec7c33c6c004bbafe82",
                "type": "mrkdwn",
                "verbatim": true,
              },
              {
                "text": "id: 8a37527b-37ef-5a7a-bdc4-d2ff9ea92806",
                "type": "mrkdwn",
                "verbatim": true,
              },
            ],
            "type": "context",
          },
        ],
        "text": "New sign-up: j+smith@​example.com (All Applications)",
        "unfurl_links": false,
        "unfurl_media": false,
      }
    `);
  });

  it.each([
    ['a mention of the channel', '<!channel>', '&lt;!channel&gt;'],
    ['a mention of a user', '<@U012AB3CD>', '&lt;@U012AB3CD&gt;'],
    ['a link', '<https://evil.example|Sign in>', '&lt;https://evil.example|Sign in&gt;'],
    ['an escaped mention', '&lt;!here&gt;', '&amp;lt;!here&amp;gt;'],
    ['another line', 'Ada\nid: 1\u2028x', 'Ada id: 1 x'],
  ])('takes what a user chose for text: %s', (_, name, shown) => {
    const texts = getTexts(toMessage(slack.toPayload(toFull('SignUp', {}, { name }), parse(), NOW)));
    expect(texts).toContain(`*name*\n${shown}`);
    for (const text of texts) expect(text).not.toMatch(/[<>\u2028]/);
  });

  it.each(['@channel', '@everyone', '@ada'])('mentions nobody at servers that read %s in a text', (name) => {
    const { text } = toMessage(slack.toPayload(toFull('SignUp', {}, { name }), parse(), NOW));
    expect(text).toContain(`@\u200b${name.slice(1)}`);
    expect(text).not.toContain(name);
  });

  it('has no text that is longer than Slack accepts', () => {
    const details = { name: '&'.repeat(9000), other: '<'.repeat(9000), list: ['\ud83d\ude00'.repeat(9000)] };
    const texts = getTexts(toMessage({ text: '>'.repeat(9000), details }));
    expect(Math.max(...texts.map(({ length }) => length))).toBeLessThanOrEqual(3000);
    expect(texts.every((text) => text.isWellFormed())).toBe(true);
  });
});

describe('slack.getSkipReason', () => {
  it('skips Logins, unless they are asked for', () => {
    expect(slack.getSkipReason?.(SIGN_UP, parse())).toBeUndefined();
    expect(slack.getSkipReason?.(LOGIN, parse())).toBe('SLACK_LOGINS is not set');
    expect(slack.getSkipReason?.(LOGIN, parse({ SLACK_LOGINS: 'false' }))).toBe('SLACK_LOGINS is not set');
    expect(slack.getSkipReason?.(LOGIN, parse({ SLACK_LOGINS: 'true' }))).toBeUndefined();
  });
});

describe('slack.send', () => {
  it('posts one message', async () => {
    network.respond(ENDPOINT, 200, 'ok');
    await send(slack, [SIGN_UP], parse());
    expect(network.requests).toMatchObject([
      { method: 'POST', url: ENDPOINT, headers: { 'content-type': 'application/json' } },
    ]);
    expect(network.requests[0]?.body).toEqual(overTheWire(toMessage(slack.toPayload(SIGN_UP, parse(), NOW))));
  });

  it.each([
    ['a page of HTML', HTML_PAGE],
    ['JSON of another server', { ok: true }],
  ])('rejects %s with status 200', async (_, body) => {
    network.respond(ENDPOINT, 200, body);
    await expect(send(slack, [SIGN_UP], parse())).rejects.toMatchObject(FOREIGN_RESPONSE);
  });

  it.each([
    [400, 'RejectedError', 'invalid_blocks'],
    [403, 'RejectedError', 'action_prohibited'],
    [404, 'RejectedError', 'no_service'],
    [410, 'RejectedError', 'channel_is_archived'],
    [429, 'UnavailableError', 'rate_limited'],
    [500, 'UnavailableError', 'rollup_error'],
  ])('reports why Slack responds with %d', async (status, name, vendorMessage) => {
    network.respond(ENDPOINT, status, vendorMessage);
    await expect(send(slack, [SIGN_UP], parse())).rejects.toMatchObject({ name, status, vendorMessage });
  });
});

describe('slack.secrets', () => {
  it.each(['http://hooks.slack.com/services/T0', 'hooks.slack.com', 'https://hooks.slack.com/a?b=c'])(
    'reject the URL %s',
    (SLACK_WEBHOOK_URL) => {
      expect(() => parse({ SLACK_WEBHOOK_URL })).toThrow('SLACK_WEBHOOK_URL must be an https URL');
    },
  );
});
