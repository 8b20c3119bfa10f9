/** What becomes of one SignUp at each vendor: the profile, the group, and the visitor before the login. */
import { describe, expect, it } from 'vitest';
import { amplitude as amplitudeSink } from '../../../actions/amplitude.ts';
import { datadog as datadogSink } from '../../../actions/datadog.ts';
import { mixpanel as mixpanelSink } from '../../../actions/mixpanel.ts';
import { posthog as posthogSink } from '../../../actions/posthog.ts';
import { segment as segmentSink } from '../../../actions/segment.ts';
import { segmentHttp as segmentHttpSink } from '../../../actions/segment-http.ts';
import type { Activity } from '../../../lib/activity.ts';
import type { SecretDeclarations } from '../../../lib/secrets.ts';
import { parseSecrets } from '../../../lib/settings.ts';
import type { Sink } from '../../../lib/sink.ts';
import { amplitude } from '../../../tools/simulator/vendors/amplitude.ts';
import { datadog } from '../../../tools/simulator/vendors/datadog.ts';
import { mixpanel } from '../../../tools/simulator/vendors/mixpanel.ts';
import { posthog } from '../../../tools/simulator/vendors/posthog.ts';
import { rudderstack } from '../../../tools/simulator/vendors/rudderstack.ts';
import { segment } from '../../../tools/simulator/vendors/segment.ts';
import type { Vendor } from '../../../tools/simulator/vendors/vendor-mock.ts';
import { SIGN_UP } from '../../support/events.ts';
import { send } from '../../support/send.ts';
import { mock, startMock } from '../../support/vendor.ts';

const VISITOR = 'visitor-1';
const ORGANIZATION = { id: 'org_acme', name: 'Acme' };
const LOOPBACK = '127.0.0.1';

const signUp: Activity = {
  ...SIGN_UP,
  time: new Date(),
  visitor: { ...SIGN_UP.visitor, anonymousId: VISITOR, sessionId: '1769860800000' },
  organization: { ...SIGN_UP.organization, id: ORGANIZATION.id },
  group: ORGANIZATION,
  user: { ...SIGN_UP.user, properties: { plan: 'pro' } },
};
const { user, request } = signUp;
const withoutIp: Activity = { ...signUp, request: { ...request, ip: undefined } };

const record = async <S extends SecretDeclarations>(sink: Sink<S>, vendor: Vendor, activity = signUp) => {
  await startMock(vendor);
  await send(sink, [activity], parseSecrets(sink, mock.secrets));
};

const getProfile = () => mock.store.profiles.get(user.id);
const getIdentities = () => [...mock.store.identities];
const getGroups = () => [...mock.store.groups];
const getPayload = () => mock.events.find(({ type }) => type === 'SignUp')?.payload;

describe('what a vendor stores of a SignUp', () => {
  describe.each([
    ['segment', 'Segment', segmentSink, segment],
    ['segment-http', 'Segment', segmentHttpSink, segment],
    ['segment', 'RudderStack', segmentSink, rudderstack],
    ['segment-http', 'RudderStack', segmentHttpSink, rudderstack],
  ] as const)('by %s at %s', (_name, _vendor, sink, vendor) => {
    it('has traits of the user, the organization as a group, and the visitor joined to the user', async () => {
      await record(sink, vendor);
      expect(mock.events.map(({ type }) => type)).toEqual(['other', 'other', 'SignUp']);
      expect(getProfile()).toMatchObject({ email: user.email, name: user.name, plan: 'pro' });
      expect(getGroups()).toEqual([[ORGANIZATION.id, { name: ORGANIZATION.name }]]);
      expect(getIdentities()).toEqual([[VISITOR, user.id]]);
    });

    it("has an address in the context of each call, so that none is looked up but the user's", async () => {
      await record(sink, vendor, withoutIp);
      expect(mock.events).toHaveLength(3);
      for (const { payload } of mock.events) expect(payload).toMatchObject({ context: { ip: '0.0.0.0' } });
    });
  });

  it('by mixpanel has a profile where the user is, the group, and the device joined to the user', async () => {
    await record(mixpanelSink, mixpanel);
    expect(getProfile()).toMatchObject({
      $name: user.name,
      $email: user.email,
      $city: request.city,
      $region: request.region,
      $created: user.createdAt?.toISOString(),
      plan: 'pro',
    });
    expect(getProfile()?.$ip).not.toBe(LOOPBACK);
    expect(getGroups()).toEqual([[`organizationId:${ORGANIZATION.id}`, {}]]);
    expect(getIdentities()).toEqual([[VISITOR, user.id]]);
  });

  it('by amplitude has properties of the user, the group, the device joined to the user, and the session', async () => {
    await record(amplitudeSink, amplitude);
    expect(getProfile()).toMatchObject({ name: user.name, email: user.email, plan: 'pro' });
    expect(getGroups()).toEqual([[`organization:${ORGANIZATION.id}`, {}]]);
    expect(getIdentities()).toEqual([[VISITOR, user.id]]);
    expect(getPayload()).toMatchObject({ session_id: 1769860800000, user_agent: request.userAgent });
  });

  it('by amplitude has the location of the user even without an address', async () => {
    await record(amplitudeSink, amplitude, withoutIp);
    expect(getProfile()).toMatchObject({
      '[Amplitude] Country': request.countryName,
      '[Amplitude] Region': request.region,
      '[Amplitude] City': request.city,
    });
    expect(getProfile()).not.toHaveProperty('ip');
  });

  it('by posthog has a person who was the visitor, the group, and the address of the user', async () => {
    await record(posthogSink, posthog);
    expect(getProfile()).toMatchObject({ email: user.email, name: user.name, plan: 'pro', $ip: request.ip });
    expect(getGroups()).toEqual([[`organization:${ORGANIZATION.id}`, { name: ORGANIZATION.name }]]);
    expect(getIdentities()).toEqual([[VISITOR, user.id]]);
    expect(getPayload()).toMatchObject({ properties: { $groups: { organization: ORGANIZATION.id } } });
  });

  it('by datadog has the location that detection rules read', async () => {
    await record(datadogSink, datadog);
    expect(getProfile()).toMatchObject({
      usr: { id: user.id, email: user.email },
      geoip: {
        country: { iso_code: request.country, name: request.countryName },
        subdivision: { name: request.region },
        city: { name: request.city },
        location: { latitude: request.latitude, longitude: request.longitude },
      },
    });
  });
});
