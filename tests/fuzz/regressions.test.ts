/** The smallest examples of what random inputs have found. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { segmentHttp } from '../../actions/segment-http.ts';
import { type Activity, toLogin, toSendable } from '../../lib/activity.ts';
import { CircuitBreaker, FAILURE_THRESHOLD, RESET_TIMEOUT_MS } from '../../lib/circuit-breaker.ts';
import { Destination, deliver } from '../../lib/deliver.ts';
import { UnavailableError } from '../../lib/errors.ts';
import type { LoginEvent } from '../../lib/login-event.ts';
import { applyPrivacy, toRecorded } from '../../lib/privacy.ts';
import { PROPERTY_LIMIT, propertyList } from '../../lib/properties.ts';
import { redact } from '../../lib/redact.ts';
import { parseSecrets, type Settings } from '../../lib/settings.ts';
import type { Sink } from '../../lib/sink.ts';
import { toVisitor } from '../../lib/visitor.ts';

const toActivity = (id: string): Activity => ({ id, type: 'Login', time: new Date() }) as Activity;

const toSecrets = (token: string) =>
  ({ DELIVERY_TIMEOUT_MS: 3000, ON_FAILURE: 'continue', TOKEN: token }) as unknown as Settings;

/** `Promise.withResolvers`, for Node 20. */
const withResolvers = () => {
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((_, rejectPromise) => {
    reject = rejectPromise;
  });
  return { promise, reject };
};

const createDestination = (send: Sink['send']): Destination => {
  const sink: Pick<Sink, 'send'> = { send };
  return new Destination(sink as Sink);
};

describe('toSendable', () => {
  it('cuts strings that take six bytes a character until the strictest vendor accepts the event', () => {
    // JSON has no shorter form of it than `\\u0001`.
    const long = '\u0001'.repeat(1000);
    const login = toLogin(
      {
        user: { user_id: 'auth0|1', name: long, email: long, username: long, picture: long },
        client: { client_id: long, name: long },
        connection: { name: long, strategy: long },
        organization: { id: long, name: long, display_name: long },
        session: { id: long },
        request: { ip: long, user_agent: long, geoip: { countryName: long, cityName: long } },
      },
      new Date(),
    );
    const names = Array.from({ length: PROPERTY_LIMIT }, (_, index) => `property${index}`);
    const properties = Object.fromEntries(names.map((name) => [name, long]));
    const activity = { ...login, properties, visitor: { anonymousId: long, referrer: long, campaign: {} } };
    const secrets = parseSecrets(segmentHttp, { SEGMENT_WRITE_KEY: 'key' });
    const { track } = segmentHttp.toPayload(toSendable(activity), secrets, new Date());
    expect(JSON.stringify(track).length).toBeLessThan(32 * 1024);
    expect(track.userId).toBe('auth0|1');
  });
});

describe('toVisitor', () => {
  it.each(['undefined', 'null', ' NaN ', '[object Object]', '0', '00000000-0000-0000-0000-000000000000'])(
    'ignores the id %j, which identifies nobody',
    (id) => {
      const event = { user: {}, request: { query: { id } } };
      expect(toVisitor(event as LoginEvent, ['request', 'query', 'id']).anonymousId).toBeUndefined();
    },
  );
});

describe('redact', () => {
  it('masks an IP address of four digits that stands behind a name', () => {
    expect(redact('blocked: client=8.8.4.4', ['8.8.4.4'])).toBe('blocked: ***');
  });

  it('masks a name whose letters are others in upper case', () => {
    expect(redact('blocked: VOSS', ['Anna Voß'])).toBe('blocked: ***');
  });
});

describe('propertyList', () => {
  it.each(['\u0000', 'plan=user.\n', 'plan=a\ud800.b', 'pl\u2028an=user.name'])(
    'quotes %j on one line',
    (input) => {
      expect(propertyList.parse(input)).toHaveProperty('problem', expect.stringMatching(/^[ -~]+$/));
    },
  );
});

describe('applyPrivacy', () => {
  it('keeps the id of a SignUp where another field of the user is hashed', () => {
    const id = 'auth0|1';
    const login = toLogin({ user: { user_id: id, email: 'ada@acme.com' } }, new Date());
    const chosen = { ...login, user: { ...login.user, id: 'ada@acme.com' } };
    const settings = parseSecrets({ secrets: {} }, { HASH_FIELDS: 'email', HASH_KEY: 'key' });
    expect(toRecorded(chosen, 'SignUp', settings).id).toBe(toRecorded(login, 'SignUp', settings).id);
  });

  it('hashes the id of a user where it equals a field to omit', () => {
    const event = { user: { user_id: 'ada@acme.com', email: 'ada@acme.com' } };
    const input = { OMIT_FIELDS: 'email', HASH_FIELDS: 'userId', HASH_KEY: 'key' };
    const { user } = applyPrivacy(toLogin(event, new Date()), parseSecrets({ secrets: {} }, input));
    expect(user.email).toBeUndefined();
    expect(user.id).toMatch(/^[\da-f]{64}$/);
  });
});

describe('CircuitBreaker', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('allows a request when the reset timeout has passed on a clock that was set back meanwhile', () => {
    const breaker = new CircuitBreaker();
    for (let failures = 0; failures < FAILURE_THRESHOLD; failures += 1) breaker.recordFailure();
    vi.setSystemTime(Date.now() - 1000);
    vi.advanceTimersByTime(RESET_TIMEOUT_MS);
    expect(breaker.allowRequest()).toBe(true);
  });
});

describe('deliver, while the secrets change', () => {
  const OLD = toSecrets('old');
  const NEW = toSecrets('new');
  // Unavailable, and not worth another attempt.
  const failure = new UnavailableError('down', { status: 507 });

  it('does not buffer for the new secrets what fails under the old ones', async () => {
    const sent: string[] = [];
    const old = withResolvers();
    const destination = createDestination((activities, secrets) => {
      if (secrets === OLD) return old.promise;
      sent.push(...activities.map(({ id }) => id));
      return Promise.resolve();
    });
    const delivery = deliver(destination, toActivity('under the old secrets'), OLD);
    await deliver(destination, toActivity('first'), NEW);
    old.reject(failure);
    expect(await delivery).toMatchObject({ buffered: false });
    await deliver(destination, toActivity('second'), NEW);
    expect(sent).toEqual(['first', 'second']);
  });

  it('reports as dropped what is being flushed under the old secrets and fails', async () => {
    const flush = withResolvers();
    const responses = [Promise.reject(failure), Promise.resolve(), flush.promise];
    const destination = createDestination(() => responses.shift() ?? Promise.resolve());
    await deliver(destination, toActivity('buffered'), OLD);
    const delivery = deliver(destination, toActivity('flushes'), OLD);
    await new Promise((resolve) => setImmediate(resolve));
    await deliver(destination, toActivity('first'), NEW);
    flush.reject(failure);
    expect(await delivery).toMatchObject({ flushed: 0, dropped: 1 });
  });
});
