/** From the page on which a visit began to the sign-up that is joined to it: docs/stitching.md as a whole. */
import { describe, expect, it } from 'vitest';
import { parseAuthorizeUrl } from '../../tools/simulator/auth0/authorize.ts';
import { openSandbox } from '../support/sandbox.ts';
import { SDKS, type SdkName, startLogin, Tab, VISIT } from '../support/stitching.ts';

/** biome-ignore lint/suspicious/noExplicitAny: a payload has the shape that its vendor wants. */
type Payload = any;

/** A visitor comes through a campaign, looks around, and signs up; what the vendor gets of it. */
const signUp = async (vendor: SdkName, action: string): Promise<readonly Payload[]> => {
  const tab = new Tab().open(VISIT.url, VISIT.referrer).open('https://shop.example.com/cart');
  startLogin(tab, vendor, 'A plain redirect');
  const query = parseAuthorizeUrl(tab.navigations[0] ?? '');
  const { logIn, getMock } = await openSandbox({ names: [action] });
  await logIn({ request: { query } });
  return getMock(action).events.map(({ payload }) => payload);
};

const { 'ext-anonymous_id': ANONYMOUS_ID } = SDKS.Segment.visitor;
const REFERRER = 'https://news.example.com/best-shops';
const CAMPAIGN = { utm_source: 'newsletter', utm_medium: 'mailing', utm_campaign: 'winter-sale' };

describe('a sign-up of a visitor', () => {
  it.each(['segment', 'segment-http'])(
    'is joined at Segment by both ids on every call: %s',
    async (action) => {
      const calls = await signUp('Segment', action);
      expect(calls.map(({ type }) => type)).toEqual(['identify', 'group', 'track']);
      for (const call of calls) {
        expect(call).toMatchObject({
          userId: 'auth0|ada',
          anonymousId: ANONYMOUS_ID,
          context: {
            campaign: { source: 'newsletter', medium: 'mailing', name: 'winter-sale' },
            page: { referrer: REFERRER },
          },
        });
      }
    },
  );

  it('is joined at Mixpanel by $device_id and $user_id in one event', async () => {
    const [event] = await signUp('Mixpanel', 'mixpanel');
    expect(event).toMatchObject({
      event: 'Signed Up',
      properties: {
        distinct_id: 'auth0|ada',
        $user_id: 'auth0|ada',
        $device_id: ANONYMOUS_ID,
        $referrer: REFERRER,
        ...CAMPAIGN,
      },
    });
  });

  it('is joined at PostHog by $identify before the event, in the session of the browser', async () => {
    const [identify, , event] = await signUp('PostHog', 'posthog');
    expect(identify).toMatchObject({
      event: '$identify',
      distinct_id: 'auth0|ada',
      properties: { $anon_distinct_id: ANONYMOUS_ID },
    });
    expect(event).toMatchObject({
      event: 'user signed up',
      distinct_id: 'auth0|ada',
      properties: {
        $session_id: SDKS.PostHog.visitor['ext-session_id'],
        ...CAMPAIGN,
        $set_once: { $initial_utm_source: 'newsletter', $initial_referrer: REFERRER },
      },
    });
  });

  it('is joined at Amplitude by $identify before the event, in the session of the browser', async () => {
    const [identify, event] = await signUp('Amplitude', 'amplitude');
    expect(identify).toMatchObject({
      event_type: '$identify',
      user_id: 'auth0|ada',
      device_id: ANONYMOUS_ID,
    });
    expect(event).toMatchObject({
      event_type: 'Signed Up',
      user_id: 'auth0|ada',
      session_id: SDKS.Amplitude.sdk.amplitude.getSessionId(),
      event_properties: { referrer: REFERRER, ...CAMPAIGN },
      user_properties: { $setOnce: { initial_utm_source: 'newsletter', initial_referrer: REFERRER } },
    });
  });

  it.each(['splunk', 'keen', 'datadog', 'otlp', 'webhook', 'elastic', 'slack', 'sumo'])(
    'carries the visitor as properties at %s',
    async (action) => {
      const [event] = await signUp('Mixpanel', action);
      const json = JSON.stringify(event);
      for (const value of [ANONYMOUS_ID, 'newsletter', 'winter-sale']) expect(json).toContain(value);
    },
  );
});
