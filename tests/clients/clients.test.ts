/**
 * The mock vendors, held to the truth by the vendors' own clients: what a client sends, its mock accepts and stores, and
 * what the mock rejects, the client understands as its vendor's rejection.
 *
 * - `mixpanel`: events, profiles and groups arrive, in a query and in a form, both in base64; errors are understood
 * - `@amplitude/analytics-node`: an event, user and group properties arrive; the rejection of an event is understood
 * - `posthog-node`: an event, a person who was an anonymous visitor and a group arrive, compressed
 * - `@segment/analytics-node`: identify, group and track arrive in one batch
 * - `@rudderstack/rudder-sdk-node`: the same calls arrive, compressed, with the content type of a form; a 401 is understood
 * - `@opentelemetry/exporter-logs-otlp-http`, `-proto`: a record with every type of value arrives; a 401 is understood
 * - `splunk-logging`: an event arrives with the content type of a form; code 4 is understood
 * - `keen-tracking`: one event and several arrive; an error code is understood
 * - `standardwebhooks`: verifies the signature of what the sink sends, and of nothing else
 * - `cloudevents`: reads what the sink sends as a valid CloudEvent
 */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { webhook as webhookSink } from '../../actions/webhook.ts';
import type { Activity } from '../../lib/activity.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { amplitude } from '../../tools/simulator/vendors/amplitude.ts';
import { keen } from '../../tools/simulator/vendors/keen.ts';
import { mixpanel, SERVICE_ACCOUNT } from '../../tools/simulator/vendors/mixpanel.ts';
import { otlp } from '../../tools/simulator/vendors/otlp.ts';
import { posthog } from '../../tools/simulator/vendors/posthog.ts';
import { rudderstack } from '../../tools/simulator/vendors/rudderstack.ts';
import { segment } from '../../tools/simulator/vendors/segment.ts';
import { splunk } from '../../tools/simulator/vendors/splunk.ts';
import { webhook } from '../../tools/simulator/vendors/webhook.ts';
import { someLogins } from '../support/events.ts';
import { send } from '../support/send.ts';
import { mock, startMock } from '../support/vendor.ts';
import { isInstalled, loadClient } from './clients.ts';

const USER = 'auth0|ada';
const VISITOR = 'visitor-1';
const ORGANIZATION = 'org_acme';

const getPayloads = () => mock.events.map(({ payload }) => payload);
const getTypes = () => mock.events.map(({ type }) => type);

describe.skipIf(!isInstalled)("the vendor's own client", () => {
  describe('mixpanel', () => {
    const create = (options: object = {}) =>
      loadClient('mixpanel').init(mock.secrets.MIXPANEL_TOKEN, {
        host: new URL(mock.url).host,
        protocol: 'http',
        verbose: true,
        ...options,
      });
    /** Resolves to what the client calls back with: an error, a list of errors, or nothing. */
    const called = (call: (callback: (error: unknown) => void) => void) =>
      new Promise((resolve) => call(resolve)).then((errors) => [errors].flat().filter(Boolean));

    it('delivers events by the Track API, one in a query and several in a form', async () => {
      await startMock(mixpanel);
      const client = create();
      const event = { distinct_id: USER, $user_id: USER, $device_id: VISITOR, organizationId: ORGANIZATION };
      expect(await called((done) => client.track('Signed Up', event, done))).toEqual([]);
      const batch = [{ event: 'Logged In', properties: { distinct_id: USER, time: new Date() } }];
      expect(await called((done) => client.track_batch(batch, done))).toEqual([]);
      expect(mock.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
      expect(getTypes()).toEqual(['SignUp', 'Login']);
      expect([...mock.store.identities]).toEqual([[VISITOR, USER]]);
      expect([...mock.store.groups.keys()]).toEqual([`organizationId:${ORGANIZATION}`]);
    });

    it('imports events with a service account, which it does over TLS alone', async () => {
      await startMock(mixpanel, { tls: true });
      // The client takes no certificate authority.
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      onTestFinished(() => void vi.unstubAllEnvs());
      const { ServiceAccountCredentials } = loadClient('mixpanel');
      const { name, secret, project } = SERVICE_ACCOUNT;
      const client = create({
        protocol: 'https',
        credentials: new ServiceAccountCredentials(name, secret, project),
      });
      const event = () => ({ distinct_id: USER, $insert_id: 'm1' });
      const time = new Date('2026-01-31T12:00:00Z');
      expect(await called((done) => client.import('Signed Up', time, event(), done))).toEqual([]);
      const batch = [{ event: 'Logged In', properties: { ...event(), time } }];
      expect(await called((done) => client.import_batch(batch, done))).toEqual([]);
      expect(getTypes()).toEqual(['SignUp', 'Login']);
    });

    it('sets profiles and groups', async () => {
      await startMock(mixpanel);
      const { people, groups } = create();
      expect(await called((done) => people.set(USER, { $name: 'Ada', plan: 'pro' }, done))).toEqual([]);
      expect(await called((done) => people.set_once(USER, { plan: 'free', first: 'shop' }, done))).toEqual(
        [],
      );
      expect(
        await called((done) => groups.set('organizationId', ORGANIZATION, { $name: 'Acme' }, done)),
      ).toEqual([]);
      expect([...mock.store.profiles]).toEqual([[USER, { $name: 'Ada', plan: 'pro', first: 'shop' }]]);
      expect([...mock.store.groups]).toEqual([[`organizationId:${ORGANIZATION}`, { $name: 'Acme' }]]);
    });

    it('understands why a profile is rejected', async () => {
      await startMock(mixpanel);
      expect(await called((done) => create().people.set('', { $name: 'Ada' }, done))).toMatchObject([
        { message: 'Mixpanel Server Error: $distinct_id, missing or empty' },
      ]);
    });
  });

  describe('@amplitude/analytics-node', () => {
    const start = async () => {
      await startMock(amplitude);
      const { createInstance, Identify, Types } = loadClient('@amplitude/analytics-node');
      const client = createInstance();
      const options = { serverUrl: `${mock.url}/2/httpapi`, logLevel: Types.LogLevel.None };
      await client.init(mock.secrets.AMPLITUDE_API_KEY, options).promise;
      return { client, Identify };
    };

    it('delivers an event with its device, session, groups and location', async () => {
      const { client } = await start();
      const details = {
        user_id: USER,
        device_id: VISITOR,
        session_id: 1769860800000,
        groups: { organization: ORGANIZATION },
        country: 'United States',
        region: 'Washington',
        city: 'Bellevue',
        user_agent: 'curl/7.64.1',
        language: 'en',
      };
      const tracked = client.track('Signed Up', { plan: 'pro' }, details).promise;
      await client.flush().promise;
      expect(await tracked).toMatchObject({ code: 200 });
      expect(mock.events).toMatchObject([{ type: 'SignUp', userId: USER, payload: details }]);
      expect([...mock.store.identities]).toEqual([[VISITOR, USER]]);
      expect(mock.store.profiles.get(USER)).toMatchObject({ '[Amplitude] City': 'Bellevue' });
    });

    it('sets the properties of a user and of a group', async () => {
      const { client, Identify } = await start();
      const user = new Identify().set('name', 'Ada').setOnce('first', 'shop');
      client.identify(user, { user_id: USER });
      client.groupIdentify('organization', ORGANIZATION, new Identify().set('name', 'Acme'), {
        user_id: USER,
      });
      await client.flush().promise;
      expect([...mock.store.profiles]).toEqual([[USER, { name: 'Ada', first: 'shop' }]]);
      expect([...mock.store.groups]).toEqual([[`organization:${ORGANIZATION}`, { name: 'Acme' }]]);
    });

    it('understands that an event is rejected', async () => {
      const { client } = await start();
      const tracked = client.track('Signed Up', {}, { user_id: USER, device_id: 'unknown' }).promise;
      await client.flush().promise;
      const message = expect.stringMatching(
        /Invalid field values on some events(.|\n)*"device_id": \[\s*0\s*]/,
      );
      expect(await tracked).toMatchObject({ code: 400, message });
    });
  });

  describe('posthog-node', () => {
    it('delivers an event, a person who was an anonymous visitor, and a group', async () => {
      await startMock(posthog);
      const { PostHog } = loadClient('posthog-node');
      const client = new PostHog(mock.secrets.POSTHOG_API_KEY, { host: mock.url });
      client.identify({ distinctId: USER, properties: { name: 'Ada', $anon_distinct_id: VISITOR } });
      client.groupIdentify({
        groupType: 'organization',
        groupKey: ORGANIZATION,
        properties: { name: 'Acme' },
      });
      client.capture({
        distinctId: USER,
        event: 'user signed up',
        groups: { organization: ORGANIZATION },
        properties: { $set_once: { first: 'shop' } },
      });
      await client.shutdown();
      expect(mock.requests).toMatchObject([{ path: '/batch/', headers: { 'content-encoding': 'gzip' } }]);
      expect(getTypes()).toEqual(['other', 'other', 'SignUp']);
      expect([...mock.store.identities]).toEqual([[VISITOR, USER]]);
      expect(mock.store.profiles.get(USER)).toEqual({ name: 'Ada', first: 'shop' });
      expect([...mock.store.groups]).toEqual([[`organization:${ORGANIZATION}`, { name: 'Acme' }]]);
      // As from our sink without an address, PostHog stores the sender's.
      expect(getPayloads()[2]).toMatchObject({ properties: { $ip: '127.0.0.1', $is_server: true } });
    });
  });

  /** What Segment's SDK and RudderStack's have in common. */
  const sendCalls = (client: Record<'identify' | 'group' | 'track', (call: object) => void>) => {
    client.identify({ userId: USER, anonymousId: VISITOR, traits: { name: 'Ada' } });
    client.group({ userId: USER, groupId: ORGANIZATION, traits: { name: 'Acme' } });
    client.track({ userId: USER, event: 'Signed Up', properties: { plan: 'pro' } });
  };
  const expectCalls = () => {
    expect(getTypes()).toEqual(['other', 'other', 'SignUp']);
    expect(getPayloads()).toMatchObject([{ type: 'identify' }, { type: 'group' }, { type: 'track' }]);
    expect([...mock.store.profiles]).toEqual([[USER, { name: 'Ada' }]]);
    expect([...mock.store.groups]).toEqual([[ORGANIZATION, { name: 'Acme' }]]);
    expect([...mock.store.identities]).toEqual([[VISITOR, USER]]);
  };

  describe('@segment/analytics-node', () => {
    it('delivers identify, group and track in one batch', async () => {
      await startMock(segment);
      const { Analytics } = loadClient('@segment/analytics-node');
      const client = new Analytics({ writeKey: mock.secrets.SEGMENT_WRITE_KEY, host: mock.url });
      sendCalls(client);
      await client.closeAndFlush();
      expect(mock.requests).toHaveLength(1);
      expectCalls();
    });
  });

  describe('@rudderstack/rudder-sdk-node', () => {
    const create = (writeKey: string | undefined, errorHandler?: (error: unknown) => void) => {
      const RudderStack = loadClient('@rudderstack/rudder-sdk-node');
      const dataPlaneUrl = mock.secrets.SEGMENT_HOST;
      return new RudderStack(writeKey, { dataPlaneUrl, errorHandler, logLevel: 'none' });
    };

    it('delivers identify, group and track, compressed and as a form', async () => {
      await startMock(rudderstack);
      const client = create(mock.secrets.SEGMENT_WRITE_KEY);
      sendCalls(client);
      // The client sends the first call alone.
      await client.flush();
      await expect.poll(() => mock.events).toHaveLength(3);
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' };
      expect(mock.requests[0]).toMatchObject({ path: '/rudder/v1/batch', headers });
      expectCalls();
    });

    it('understands that a write key is rejected', async () => {
      await startMock(rudderstack);
      const error = await new Promise((resolve) => {
        create('unknown', resolve).track({ userId: USER, event: 'Signed Up' });
      });
      expect(error).toMatchObject({ response: { status: 401, data: 'invalid write key\n' } });
      expect(mock.events).toEqual([]);
    });
  });

  describe.each(['http', 'proto'])('@opentelemetry/exporter-logs-otlp-%s', (encoding) => {
    const getHeaders = () => ({
      Authorization: decodeURIComponent(`${mock.secrets.OTLP_HEADERS}`.replace('Authorization=', '')),
    });

    /** What the exporter reports of a record: code 0 is success. */
    const exportRecord = (record: object, headers: object): Promise<{ code: number; error?: object }> => {
      const { OTLPLogExporter } = loadClient(`@opentelemetry/exporter-logs-otlp-${encoding}`);
      const { LoggerProvider } = loadClient('@opentelemetry/sdk-logs');
      const exporter = new OTLPLogExporter({ url: `${mock.url}/v1/logs`, headers });
      return new Promise((resolve) => {
        const processor = { onEmit: (emitted: object) => exporter.export([emitted], resolve) };
        new LoggerProvider({ processors: [processor] }).getLogger('auth0').emit(record);
      });
    };

    it('delivers a log record with every type of value', async () => {
      await startMock(otlp);
      const attributes = {
        'log.record.uid': 'o1',
        'user.id': USER,
        integer: 7,
        decimal: 1.5,
        boolean: true,
        list: ['a', 'b'],
        map: { count: -1 },
        bytes: new Uint8Array([1, 2, 3]),
      };
      const record = { eventName: 'auth0.signup', severityNumber: 9, body: 'SignUp', attributes };
      expect(await exportRecord(record, getHeaders())).toMatchObject({ code: 0 });
      expect(mock.events).toMatchObject([{ id: 'o1', type: 'SignUp', userId: USER }]);
      const toInteger = (value: number) => ({ intValue: encoding === 'http' ? value : String(value) });
      expect(getPayloads()).toMatchObject([
        {
          eventName: 'auth0.signup',
          body: { stringValue: 'SignUp' },
          attributes: [
            { key: 'log.record.uid', value: { stringValue: 'o1' } },
            { key: 'user.id', value: { stringValue: USER } },
            { key: 'integer', value: toInteger(7) },
            { key: 'decimal', value: { doubleValue: 1.5 } },
            { key: 'boolean', value: { boolValue: true } },
            { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] } } },
            { key: 'map', value: { kvlistValue: { values: [{ key: 'count', value: toInteger(-1) }] } } },
            { key: 'bytes', value: { bytesValue: 'AQID' } },
          ],
        },
      ]);
    });

    it('understands that credentials are rejected', async () => {
      await startMock(otlp);
      const result = await exportRecord({ body: 'SignUp' }, { Authorization: 'Basic YWRhOg==' });
      expect(result).toMatchObject({ code: 1, error: { code: 401 } });
      expect(mock.events).toEqual([]);
    });
  });

  describe('splunk-logging', () => {
    const start = async (token?: string) => {
      await startMock(splunk);
      const { Logger } = loadClient('splunk-logging');
      const logger = new Logger({ token: token ?? mock.secrets.SPLUNK_HEC_TOKEN, url: mock.url });
      logger.error = () => {};
      logger.eventFormatter = (message: object) => message;
      const sendEvent = (message: object) =>
        new Promise((resolve, reject) =>
          logger.send({ message }, (error: unknown, _: unknown, body: unknown) =>
            error ? reject(error) : resolve(body),
          ),
        );
      return sendEvent;
    };

    it('delivers an event with the content type of a form', async () => {
      const sendEvent = await start();
      const event = { id: 'a1', message: 'SignUp', userId: USER };
      expect(await sendEvent(event)).toEqual({ text: 'Success', code: 0 });
      expect(mock.requests).toMatchObject([
        { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      ]);
      expect(mock.events).toMatchObject([{ id: 'a1', type: 'SignUp', userId: USER }]);
    });

    it('understands that a token is rejected', async () => {
      const sendEvent = await start('00000000-0000-0000-0000-000000000000');
      expect(await sendEvent({ message: 'SignUp' })).toEqual({ text: 'Invalid token', code: 4 });
    });
  });

  describe('keen-tracking', () => {
    const create = (writeKey = mock.secrets.KEENIO_WRITE_KEY) => {
      const KeenTracking = loadClient('keen-tracking');
      const { hostname: host, port } = new URL(mock.url);
      return new KeenTracking({
        projectId: mock.secrets.KEENIO_PROJECT_ID,
        writeKey,
        protocol: 'http',
        nodeRequestConfig: { host, port },
      });
    };

    it('delivers one event, and several', async () => {
      await startMock(keen);
      const client = create();
      const event = { userId: USER, keen: { uniqueness_token: 'k1' } };
      expect(await client.recordEvent('signups', event)).toEqual({ created: true });
      expect(await client.recordEvents({ logins: [{ userId: USER }] })).toEqual({
        logins: [{ success: true }],
      });
      expect(mock.events).toMatchObject([
        { id: 'k1', type: 'SignUp', userId: USER },
        { id: '', type: 'Login', userId: USER },
      ]);
    });

    it('understands why an event is rejected', async () => {
      await startMock(keen);
      const rejection = { code: 'InvalidPropertyNameError', message: expect.stringContaining("'a.b'") };
      await expect(create().recordEvent('signups', { 'a.b': 1 })).rejects.toMatchObject(rejection);
    });
  });

  /** The headers and the body that the sink sends. */
  const sendWebhook = async () => {
    await startMock(webhook);
    const [login] = someLogins(1) as [Activity];
    await send(webhookSink, [login], parseSecrets(webhookSink, mock.secrets));
    const [{ headers = {}, body = '' } = {}] = mock.requests;
    return { login, headers, body };
  };

  describe('standardwebhooks', () => {
    it('verifies the signature of the sink, and of nothing else', async () => {
      const { login, headers, body } = await sendWebhook();
      const { Webhook } = loadClient('standardwebhooks');
      const verifier = new Webhook(mock.secrets.WEBHOOK_SECRET);
      expect(verifier.verify(body, headers)).toMatchObject({ id: login.id, subject: login.user.id });
      expect(() => verifier.verify(`${body} `, headers)).toThrow('No matching signature found');
      expect(() => verifier.verify(body, { ...headers, 'webhook-id': 'another' })).toThrow(
        'No matching signature found',
      );
    });
  });

  describe('cloudevents', () => {
    it('reads a valid CloudEvent from the sink', async () => {
      const { login, headers, body } = await sendWebhook();
      const { HTTP } = loadClient('cloudevents');
      expect(HTTP.isEvent({ headers, body })).toBe(true);
      const event = HTTP.toEvent({ headers, body });
      expect(event.validate()).toBe(true);
      expect(event).toMatchObject({
        specversion: '1.0',
        id: login.id,
        type: 'com.auth0.user.login',
        subject: login.user.id,
        time: login.time.toISOString(),
        data: { userId: login.user.id, email: login.user.email },
      });
    });
  });
});
