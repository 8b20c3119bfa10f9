import { describe, expect, it, vi } from 'vitest';
import type { Activity } from '../../lib/activity.ts';
import { FAILURE_THRESHOLD, RESET_TIMEOUT_MS } from '../../lib/circuit-breaker.ts';
import { type Delivery, Destination, deliver, RETRY_LIMIT, send } from '../../lib/deliver.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import type { HttpRequest } from '../../lib/http.ts';
import { BUFFER_LIMIT } from '../../lib/retry-buffer.ts';
import { parseSecrets } from '../../lib/settings.ts';
import type { Sink } from '../../lib/sink.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import { passTime, settle, time, useFakeClock } from '../support/clock.ts';
import { getIds, LOGIN, SIGN_UP, someLogins, someSignUps } from '../support/events.ts';
import {
  accepts,
  FakeDestination,
  failsWith,
  hangs,
  ifBatch,
  ifIncludes,
  type Respond,
  rejectsWith,
  takes,
} from '../support/fake-destination.ts';

const TIMEOUT_MS = 3000;
/** What a login waits longer than the deadline at most. */
const GRACE_MS = 25;
const RETRYABLE_STATUSES = [408, 425, 429, 500, 502, 503, 504];

useFakeClock();

/** Not retried, so that it is one request for each login. */
const isDown = failsWith(501);

/** A destination that has missed these activities and accepts everything again. */
const createRecovered = async (
  activities: readonly Activity[],
  destination = new FakeDestination(),
): Promise<FakeDestination> => {
  destination.respond(isDown);
  for (const activity of activities) await destination.deliver(activity);
  await passTime(RESET_TIMEOUT_MS);
  destination.requests.length = 0;
  return destination.respond(accepts);
};

/** So many logins of other users, half a minute apart. */
const deliverMore = async (destination: FakeDestination, count: number): Promise<Activity[]> => {
  const activities = someLogins(count, 1000);
  for (const activity of activities) {
    await passTime(RESET_TIMEOUT_MS);
    await settle(destination.deliver(activity));
  }
  return activities;
};

const expectOnceEach = (destination: FakeDestination, activities: readonly Activity[]) =>
  expect(destination.accepted.toSorted()).toEqual(getIds(activities).toSorted());

describe('deliver', () => {
  it('sends an activity once if it is accepted', async () => {
    const destination = new FakeDestination();
    expect(await settle(destination.deliver(LOGIN))).toEqual({
      attempts: 1,
      elapsedMs: 0,
      dropped: 0,
      flushed: 0,
      flushMs: 0,
    });
    expect(destination.requests).toEqual([[LOGIN]]);
  });

  it('measures how long the destination takes', async () => {
    const destination = new FakeDestination().respond(takes(412));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ elapsedMs: 412 });
  });

  it.each([...RETRYABLE_STATUSES])(
    'sends it three times if the destination fails with %d',
    async (status) => {
      const destination = new FakeDestination().respond(failsWith(status));
      expect(await settle(destination.deliver(LOGIN))).toMatchObject({
        attempts: 1 + RETRY_LIMIT,
        buffered: true,
      });
      expect(destination.requests).toEqual([[LOGIN], [LOGIN], [LOGIN]]);
    },
  );

  it('sends it three times if the destination cannot be reached', async () => {
    const error = new UnavailableError('connection error: ECONNRESET', { code: 'ECONNRESET' });
    const destination = new FakeDestination().respond(() => Promise.reject(error));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ attempts: 3, buffered: true, error });
  });

  it.each([1, 2])('accepts a success after %d failures', async (failures) => {
    const destination = new FakeDestination().respondOnce(...Array<Respond>(failures).fill(failsWith(503)));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ attempts: failures + 1, flushed: 0 });
    expect(destination.accepted).toEqual([LOGIN.id]);
  });

  it.each([501, 505, 511, 599])('does not retry a failure with %d, but buffers it', async (status) => {
    const destination = new FakeDestination().respond(failsWith(status));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ attempts: 1, buffered: true });
    expect(destination.requests).toHaveLength(1);
  });

  it.each([302, 400, 401, 403, 404, 413, 422, 429])(
    'neither retries nor buffers a rejection with %d',
    async (status) => {
      const destination = new FakeDestination().respond(rejectsWith(status));
      const delivery = await settle(destination.deliver(LOGIN));
      expect(delivery).toMatchObject({
        attempts: 1,
        buffered: false,
        error: { name: 'RejectedError', status },
      });
      expect(destination.buffer.size).toBe(0);
    },
  );

  it('does not retry after a rejection that follows a failure', async () => {
    const destination = new FakeDestination().respondOnce(failsWith(503), rejectsWith(400));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ attempts: 2, buffered: false });
  });

  it('does not retry where the operator must act first', async () => {
    const hint = "check the destination's certificate";
    const error = new UnavailableError('cannot connect: CERT_HAS_EXPIRED', { hint });
    const destination = new FakeDestination().respond(() => Promise.reject(error));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ attempts: 1, buffered: true, error });
  });

  it.each([
    ['a sink that throws', () => JSON.parse('{')],
    ['a sink that rejects', async () => JSON.parse('{')],
  ])('returns the error of %s, and buffers nothing', async (_, respond) => {
    const destination = new FakeDestination().respond(respond);
    for (let logins = 0; logins < FAILURE_THRESHOLD + 1; logins += 1) {
      expect(await settle(destination.deliver(LOGIN))).toMatchObject({
        attempts: 1,
        buffered: false,
        error: { name: 'SyntaxError' },
      });
    }
  });

  it('returns the error of a sink whose send is no async function', async () => {
    const destination = new Destination({
      ...new FakeDestination().sink,
      send: () => JSON.parse('{'),
    });
    const delivery = await settle(deliver(destination, LOGIN, parseSecrets(destination.sink, {})));
    expect(delivery).toMatchObject({ attempts: 1, buffered: false, error: { name: 'SyntaxError' } });
  });

  it.each([undefined, null, 'string', 0])('returns %j if a sink throws that', async (thrown) => {
    const destination = new FakeDestination().respond(() => Promise.reject(thrown));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ error: thrown, buffered: false });
  });
});

describe('deliver, retrying', () => {
  /** A destination that is down, and when it got each request, in milliseconds. */
  const getRequestTimes = async (respond: Respond, random = 0.5): Promise<number[]> => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    const startedAt = performance.now();
    const times: number[] = [];
    const destination = new FakeDestination().respond((batch) => {
      times.push(performance.now() - startedAt);
      return respond(batch);
    });
    await settle(destination.deliver(LOGIN));
    vi.restoreAllMocks();
    return times;
  };

  const isBusy = failsWith(503, { retryAfterMs: undefined });

  it.each([
    [0, [0, 0, 0]],
    [0.5, [0, 100, 300]],
    [0.99, [0, 198, 594]],
  ])('waits a random time, below 200 ms and then below 400 ms: at %d', async (random, times) => {
    expect(await getRequestTimes(isBusy, random)).toEqual(times);
  });

  it('waits as long as the destination asks for', async () => {
    expect(await getRequestTimes(failsWith(503, { retryAfterMs: 1200 }))).toEqual([0, 1200, 2400]);
  });

  it('retries immediately if the destination asks for no delay', async () => {
    expect(await getRequestTimes(failsWith(503, { retryAfterMs: 0 }))).toEqual([0, 0, 0]);
  });

  it.each([TIMEOUT_MS, 3_600_000, Infinity])(
    'does not keep a login waiting if the destination asks for %d ms',
    async (retryAfterMs) => {
      const destination = new FakeDestination().respond(failsWith(503, { retryAfterMs }));
      const { result, elapsedMs } = await time(destination.deliver(LOGIN));
      expect(elapsedMs).toBe(0);
      expect(result).toMatchObject({ attempts: 1, buffered: true });
    },
  );

  it('does not wait longer than the time that is left', async () => {
    const destination = new FakeDestination().respond(failsWith(503, { retryAfterMs: 2000 }));
    const { result, elapsedMs } = await time(destination.deliver(LOGIN));
    expect(elapsedMs).toBe(2000);
    expect(result).toMatchObject({ attempts: 2 });
  });
});

describe('deliver, within a deadline', () => {
  const TIMED_OUT = { name: 'UnavailableError', code: 'TIMEOUT', message: 'timed out after 3000 ms' };

  it('ends a request that gets no response', async () => {
    const destination = new FakeDestination().respond(hangs);
    const { result, elapsedMs } = await time(destination.deliver(LOGIN));
    expect(elapsedMs).toBe(TIMEOUT_MS + GRACE_MS);
    expect(result).toMatchObject({ attempts: 1, buffered: true, error: TIMED_OUT });
  });

  it('waits for DELIVERY_TIMEOUT_MS at most', async () => {
    const destination = new FakeDestination().respond(hangs);
    const { elapsedMs } = await time(destination.deliver(LOGIN, { DELIVERY_TIMEOUT_MS: '250' }));
    expect(elapsedMs).toBe(250 + GRACE_MS);
  });

  it('has one deadline for all attempts and delays', async () => {
    const destination = new FakeDestination().respond(takes(1000, failsWith(503, { retryAfterMs: 500 })));
    const { result, elapsedMs } = await time(destination.deliver(LOGIN));
    expect(elapsedMs).toBe(2500);
    expect(result).toMatchObject({ attempts: 2, elapsedMs: 2500, error: { status: 503 } });
  });

  it('counts the deadline from when the login began to wait', async () => {
    await passTime(10_000);
    const destination = new FakeDestination().respond(hangs);
    const { result, elapsedMs } = await time(destination.deliver(LOGIN, {}, performance.now() - 2800));
    expect(elapsedMs).toBe(200 + GRACE_MS);
    expect(result).toMatchObject({ error: TIMED_OUT, elapsedMs: 225 });
  });

  it.each([
    ['is accepted', accepts],
    ['fails', failsWith(503)],
    ['throws', () => JSON.parse('{')],
  ])('does not wait for a request that %s after the deadline', async (_, respond) => {
    const destination = new FakeDestination().respond(takes(TIMEOUT_MS + 100, respond));
    const { result, elapsedMs } = await time(destination.deliver(LOGIN));
    expect(elapsedMs).toBe(TIMEOUT_MS + GRACE_MS);
    expect(result).toMatchObject({ error: TIMED_OUT });
    // A rejection that nobody handles fails the run.
    await passTime(1000);
    expect(destination.requests).toHaveLength(1);
  });
});

describe('deliver, with a circuit breaker', () => {
  const deliverAll = (destination: FakeDestination, activities: readonly Activity[]) =>
    settle(Promise.all(activities.map((activity) => destination.deliver(activity))));

  it('costs a login nothing while the circuit is open', async () => {
    const destination = new FakeDestination().respond(isDown);
    await deliverAll(destination, someLogins(FAILURE_THRESHOLD));
    destination.respond(hangs);
    const { result, elapsedMs } = await time(destination.deliver(LOGIN));
    expect(elapsedMs).toBe(0);
    expect(result).toMatchObject({
      attempts: 0,
      buffered: true,
      error: { code: 'CIRCUIT_OPEN', message: 'circuit open after 3 consecutive failures' },
    });
    expect(destination.requests).toHaveLength(FAILURE_THRESHOLD);
  });

  it('lets one of several concurrent logins probe after the reset timeout', async () => {
    const destination = new FakeDestination().respond(takes(10, isDown));
    await deliverAll(destination, someLogins(3));
    for (const requests of [4, 5]) {
      await passTime(RESET_TIMEOUT_MS);
      await deliverAll(destination, someLogins(5, 3));
      await deliverAll(destination, someLogins(5, 8));
      expect(destination.requests).toHaveLength(requests);
    }
  });

  it('closes the circuit for all logins after a success', async () => {
    const destination = await createRecovered(someLogins(3));
    await settle(destination.deliver(LOGIN));
    await deliverAll(destination, someLogins(5, 3));
    expectOnceEach(destination, [LOGIN, ...someLogins(8)]);
  });

  it('closes the circuit after a rejection, which is a response', async () => {
    const destination = await createRecovered(someLogins(3));
    destination.respond(rejectsWith(400));
    await settle(destination.deliver(LOGIN));
    await settle(destination.deliver(SIGN_UP));
    expect(destination.requests).toEqual([[LOGIN], [SIGN_UP]]);
  });

  it('keeps the circuit closed after failures that concern one user only', async () => {
    const destination = new FakeDestination().respond(
      failsWith(429, { isOutage: false, retryAfterMs: 30_000 }),
    );
    for (const activity of someLogins(FAILURE_THRESHOLD)) {
      expect(await settle(destination.deliver(activity))).toMatchObject({ attempts: 1, buffered: true });
    }
    destination.respond(accepts);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: FAILURE_THRESHOLD });
  });

  it('has a circuit for each destination', async () => {
    const destination = new FakeDestination().respond(isDown);
    await deliverAll(destination, someLogins(FAILURE_THRESHOLD));
    expect(await settle(new FakeDestination().deliver(LOGIN))).toMatchObject({ attempts: 1, flushed: 0 });
  });
});

describe('deliver, with a retry buffer', () => {
  it('flushes buffered activities after the next successful delivery, in one request', async () => {
    const buffered = [...someSignUps(4), ...someLogins(4, 4)];
    const destination = await createRecovered(buffered);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ attempts: 1, flushed: 8 });
    expect(destination.requests).toEqual([[LOGIN], buffered]);
    await settle(destination.deliver(SIGN_UP));
    expect(destination.requests.slice(2)).toEqual([[SIGN_UP]]);
  });

  it('does not flush after a failure or a rejection, and keeps the activities', async () => {
    const buffered = someLogins(2);
    const destination = await createRecovered(buffered);
    destination.respond(rejectsWith(400));
    await settle(destination.deliver(LOGIN));
    destination.respond(failsWith(503));
    await settle(destination.deliver(SIGN_UP));
    expect(destination.requests).toEqual([[LOGIN], [SIGN_UP], [SIGN_UP], [SIGN_UP]]);
    destination.respond(accepts);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: 3 });
    expectOnceEach(destination, [LOGIN, SIGN_UP, ...buffered]);
  });

  it('drops activities beyond 200, the oldest first, and counts them', async () => {
    const destination = new FakeDestination().respond(isDown);
    const activities = someLogins(BUFFER_LIMIT + 2);
    const deliveries: Delivery[] = [];
    for (const activity of activities) deliveries.push(await destination.deliver(activity));
    expect(deliveries.map(({ dropped }) => dropped)).toEqual([...Array(BUFFER_LIMIT).fill(0), 1, 1]);
    expect(deliveries.at(-1)).toMatchObject({ buffered: true });
    destination.respond(accepts);
    await passTime(RESET_TIMEOUT_MS);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: BUFFER_LIMIT, dropped: 0 });
    expect(destination.accepted).toEqual(getIds([LOGIN, ...activities.slice(2)]));
  });

  it('makes room for 200 others when buffered activities are accepted', async () => {
    const destination = await createRecovered(someLogins(5));
    await settle(destination.deliver(LOGIN));
    destination.respond(isDown);
    for (const activity of someLogins(BUFFER_LIMIT, 5)) {
      expect(await destination.deliver(activity)).toMatchObject({ buffered: true, dropped: 0 });
    }
  });

  it('makes room for 200 others when buffered activities are rejected', async () => {
    const destination = await createRecovered(someLogins(5));
    destination.respond(ifBatch((batch) => rejectsWith(400, { rejected: batch })(batch)));
    await settle(destination.deliver(LOGIN));
    destination.respond(isDown);
    for (const activity of someLogins(BUFFER_LIMIT, 5)) {
      expect(await destination.deliver(activity)).toMatchObject({ buffered: true, dropped: 0 });
    }
  });

  it('does not flush an activity that the next login of its user has delivered', async () => {
    const [signUp, ...others] = someSignUps(3) as [Activity, ...Activity[]];
    const destination = await createRecovered([signUp, ...others]);
    expect(await settle(destination.deliver({ ...signUp }))).toMatchObject({ flushed: 2 });
    expect(destination.requests).toEqual([[signUp], others]);
  });
});

describe('deliver, flushing', () => {
  it('does not retry a flush that fails, and keeps the activities', async () => {
    const buffered = someLogins(5);
    const destination = await createRecovered(buffered);
    destination.respond(ifBatch(failsWith(503)));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ attempts: 1, flushed: 0 });
    expect(destination.requests).toEqual([[LOGIN], buffered]);
    destination.respond(accepts);
    const others = await deliverMore(destination, 3);
    expectOnceEach(destination, [LOGIN, ...others, ...buffered]);
  });

  it('flushes nothing for 30 s after three failed flushes, while logins are delivered', async () => {
    const buffered = someLogins(40);
    const destination = await createRecovered(buffered);
    destination.respond(ifIncludes(buffered, isDown));
    const countRequests = async () => {
      const before = destination.requests.length;
      expect(await settle(destination.deliver(LOGIN))).not.toHaveProperty('error');
      return destination.requests.length - before;
    };
    const counts: number[] = [];
    for (let logins = 0; logins < 5; logins += 1) counts.push(await countRequests());
    expect(counts).toEqual([2, 2, 2, 1, 1]);
    await passTime(RESET_TIMEOUT_MS);
    expect([await countRequests(), await countRequests()]).toEqual([2, 1]);
  });

  it('goes on flushing after failures that were not consecutive', async () => {
    const destination = await createRecovered(someLogins(4));
    const failToFlush = async (times: number) => {
      destination.respond(ifBatch(isDown));
      for (let count = 0; count < times; count += 1) await settle(destination.deliver(LOGIN));
    };
    await failToFlush(FAILURE_THRESHOLD - 1);
    destination.respond(accepts);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: 4 });

    destination.respond(isDown);
    for (const activity of someLogins(2, 4)) await destination.deliver(activity);
    await failToFlush(1);
    destination.respond(accepts);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: 2 });
  });

  it('delivers the others if the destination fails for one of them, and keeps that one', async () => {
    const buffered = someLogins(10);
    const poisoned = buffered.slice(6, 7);
    const destination = await createRecovered(buffered);
    destination.respond(ifIncludes(poisoned, isDown));
    const others = await deliverMore(destination, 12);
    expectOnceEach(destination, [...others, ...buffered.filter((activity) => !poisoned.includes(activity))]);
    destination.respond(accepts);
    await passTime(RESET_TIMEOUT_MS);
    await settle(destination.deliver(LOGIN));
    expectOnceEach(destination, [...others, ...buffered, LOGIN]);
  });

  it('drops the one that is rejected and delivers the others once', async () => {
    const buffered = someLogins(10);
    const poisoned = buffered.slice(6, 7);
    const destination = await createRecovered(buffered);
    destination.respond(ifIncludes(poisoned, rejectsWith(400)));
    const rejections: unknown[] = [];
    let flushed = 0;
    const logins = someLogins(12, 10);
    for (const activity of logins) {
      const delivery = await settle(destination.deliver(activity));
      if ('flushed' in delivery) flushed += delivery.flushed;
      if ('flushRejection' in delivery) rejections.push(delivery.flushRejection);
    }
    expect(rejections).toEqual([{ error: expect.any(RejectedError), activities: poisoned }]);
    expect(flushed).toBe(9);
    expectOnceEach(destination, [...logins, ...buffered.filter((activity) => !poisoned.includes(activity))]);
  });

  it('drops only those that the destination names as rejected, and has accepted the others', async () => {
    const buffered = someLogins(5);
    const rejected = [buffered[1], buffered[3]] as Activity[];
    const destination = await createRecovered(buffered);
    destination.respond(ifBatch(rejectsWith(400, { rejected })));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({
      flushed: 3,
      flushRejection: { error: { name: 'RejectedError', rejected }, activities: rejected },
    });
    expect(destination.buffer.size).toBe(0);
  });

  it('sends the others again where the destination accepts all or nothing', async () => {
    const buffered = someLogins(5);
    const rejected = [buffered[1], buffered[3]] as Activity[];
    const destination = await createRecovered(buffered);
    destination.respond(ifIncludes(rejected, rejectsWith(400, { rejected, othersAccepted: false })));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({
      flushed: 0,
      flushRejection: { activities: rejected },
    });
    const others = await deliverMore(destination, 1);
    expectOnceEach(destination, [
      LOGIN,
      ...others,
      ...buffered.filter((activity) => !rejected.includes(activity)),
    ]);
  });

  it.each([
    ['throws', () => JSON.parse('{')],
    ['rejects', async () => JSON.parse('{')],
  ])('delivers the others if the sink %s for one of them', async (_, respond) => {
    const buffered = someLogins(4);
    const destination = await createRecovered(buffered);
    destination.respond(ifIncludes(buffered.slice(0, 1), respond));
    const logins = await deliverMore(destination, 5);
    expectOnceEach(destination, [...buffered.slice(1), ...logins]);
  });

  describe('to a destination that accepts two activities in a request', () => {
    const createPairs = (activities: readonly Activity[]) =>
      createRecovered(activities, new FakeDestination(2));

    it('flushes in several requests', async () => {
      const buffered = someLogins(5);
      const destination = await createPairs(buffered);
      expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: 5 });
      expect(destination.requests).toEqual([
        [LOGIN],
        buffered.slice(0, 2),
        buffered.slice(2, 4),
        buffered.slice(4),
      ]);
    });

    it('stops flushing at a request that fails', async () => {
      const buffered = someLogins(6);
      const destination = await createPairs(buffered);
      destination.respond(ifIncludes(buffered.slice(2, 3), isDown));
      expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: 2 });
      expect(destination.requests).toEqual([[LOGIN], buffered.slice(0, 2), buffered.slice(2, 4)]);
      destination.respond(accepts);
      const others = await deliverMore(destination, 1);
      expectOnceEach(destination, [LOGIN, ...buffered, ...others]);
    });

    it('stops flushing at a request that is rejected', async () => {
      const buffered = someLogins(6);
      const rejected = buffered.slice(2, 3);
      const destination = await createPairs(buffered);
      destination.respond(ifIncludes(rejected, rejectsWith(400, { rejected })));
      expect(await settle(destination.deliver(LOGIN))).toMatchObject({
        flushed: 3,
        flushRejection: { activities: rejected },
      });
      destination.requests.length = 0;
      await settle(destination.deliver(SIGN_UP));
      expect(destination.requests).toEqual([[SIGN_UP], buffered.slice(4)]);
    });

    it('starts no further request after 100 ms', async () => {
      const buffered = someLogins(10);
      const destination = await createPairs(buffered);
      destination.respond(takes(50));
      expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: 4, flushMs: 100 });
      const others = await deliverMore(destination, 2);
      expectOnceEach(destination, [LOGIN, ...buffered, ...others]);
    });
  });
});

describe('deliver, limiting the time of a flush', () => {
  it('flushes for 250 ms at most after a quick delivery', async () => {
    const buffered = someLogins(3);
    const destination = await createRecovered(buffered);
    destination.respond(ifBatch(hangs));
    const { result, elapsedMs } = await time(destination.deliver(LOGIN));
    expect(elapsedMs).toBe(250 + GRACE_MS);
    expect(result).toMatchObject({ elapsedMs: 0, flushed: 0, flushMs: 250 + GRACE_MS });
    destination.respond(accepts);
    const others = await deliverMore(destination, 2);
    expectOnceEach(destination, [LOGIN, ...buffered, ...others]);
  });

  it('flushes for twice the time of a slow delivery at most', async () => {
    const destination = await createRecovered(someLogins(3));
    destination.respond((batch) => (batch.length > 1 ? hangs(batch) : takes(400)(batch)));
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({
      elapsedMs: 400,
      flushMs: 800 + GRACE_MS,
    });
  });

  it('stops flushing at the deadline', async () => {
    const destination = await createRecovered(someLogins(3));
    destination.respond((batch) => (batch.length > 1 ? hangs(batch) : takes(1400)(batch)));
    const { elapsedMs } = await time(destination.deliver(LOGIN));
    expect(elapsedMs).toBe(TIMEOUT_MS + GRACE_MS);
  });

  it('does not flush if another request could take longer than the time that is left', async () => {
    const destination = await createRecovered(someLogins(3));
    destination.respond(takes(1501));
    const { result, elapsedMs } = await time(destination.deliver(LOGIN));
    expect(elapsedMs).toBe(1501);
    expect(result).toMatchObject({ flushed: 0, flushMs: 0 });
    expect(destination.buffer.size).toBe(3);
  });

  it('flushes if another request could take exactly the time that is left', async () => {
    const destination = await createRecovered(someLogins(3));
    destination.respond(takes(1500));
    expect((await time(destination.deliver(LOGIN))).elapsedMs).toBe(TIMEOUT_MS);
  });

  it('opens the circuit of flushes, not that of logins, if flushes hang', async () => {
    const destination = await createRecovered(someLogins(40));
    destination.respond(ifBatch(hangs));
    const waits: number[] = [];
    for (let logins = 0; logins < 5; logins += 1) {
      waits.push((await time(destination.deliver(LOGIN))).elapsedMs);
    }
    expect(waits).toEqual([275, 275, 275, 0, 0]);
  });
});

describe('deliver, with ON_FAILURE=deny', () => {
  const DENY = { ON_FAILURE: 'deny' };

  it('buffers nothing, because a login that is denied did not happen', async () => {
    const destination = new FakeDestination().respond(failsWith(503));
    expect(await settle(destination.deliver(LOGIN, DENY))).toMatchObject({ attempts: 3, buffered: false });
    destination.respond(accepts);
    expect(await settle(destination.deliver(SIGN_UP, DENY))).toMatchObject({ flushed: 0 });
    expect(destination.accepted).toEqual([SIGN_UP.id]);
  });

  it('gives each login an attempt, whatever the circuit', async () => {
    const destination = new FakeDestination().respond(isDown);
    for (const activity of someLogins(FAILURE_THRESHOLD + 2)) {
      expect(await settle(destination.deliver(activity, DENY))).toMatchObject({ attempts: 1 });
    }
  });
});

describe('deliver, after the secrets have changed', () => {
  const CORRECTED = { OMIT_FIELDS: 'email' };

  it('closes the circuit, whose failures may come from the secrets', async () => {
    const destination = new FakeDestination().respond(isDown);
    for (const activity of someLogins(FAILURE_THRESHOLD)) await destination.deliver(activity);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ error: { code: 'CIRCUIT_OPEN' } });
    destination.respond(accepts);
    expect(await settle(destination.deliver(LOGIN, CORRECTED))).toMatchObject({ attempts: 1, flushed: 0 });
  });

  it('ignores failures of requests under the other secrets', async () => {
    const destination = new FakeDestination().respond(takes(100, isDown));
    const logins = someLogins(FAILURE_THRESHOLD);
    const deliveries = Promise.all(logins.map((login) => destination.deliver(login)));
    destination.respond(accepts);
    await settle(destination.deliver(LOGIN, CORRECTED));
    await settle(deliveries);
    expect(await settle(destination.deliver(LOGIN, CORRECTED))).toMatchObject({ attempts: 1 });
  });

  it('drops what was buffered under the other secrets, and counts it', async () => {
    const destination = await createRecovered(someLogins(3));
    const secrets = { OMIT_FIELDS: 'email' };
    expect(await settle(destination.deliver(LOGIN, secrets))).toMatchObject({ flushed: 0, dropped: 3 });
    expect(destination.requests).toEqual([[LOGIN]]);
    expect(await settle(destination.deliver(SIGN_UP, secrets))).toMatchObject({ flushed: 0, dropped: 0 });
  });

  it('drops it as well if the delivery under the new secrets fails', async () => {
    const destination = await createRecovered(someLogins(1));
    destination.respond(isDown);
    const secrets = { OMIT_FIELDS: 'email' };
    expect(await settle(destination.deliver(LOGIN, secrets))).toMatchObject({ buffered: true, dropped: 1 });
    destination.respond(accepts);
    expect(await settle(destination.deliver(SIGN_UP, secrets))).toMatchObject({ flushed: 1 });
    expect(destination.accepted).toEqual(getIds([SIGN_UP, LOGIN]));
  });

  it('drops nothing if the secrets are equal', async () => {
    const destination = await createRecovered(someLogins(3));
    expect(await settle(destination.deliver(LOGIN, {}))).toMatchObject({ flushed: 3, dropped: 0 });
  });

  it('does not send a batch again that was in flight under the other secrets', async () => {
    const destination = await createRecovered(someLogins(3));
    destination.respond(ifBatch(takes(100, isDown)));
    const delivery = destination.deliver(LOGIN);
    await passTime(50);
    const secrets = { OMIT_FIELDS: 'email' };
    await destination.deliver(SIGN_UP, secrets);
    await settle(delivery);
    destination.respond(accepts);
    expect(await settle(destination.deliver(SIGN_UP, secrets))).toMatchObject({ flushed: 0 });
  });
});

describe('deliver, for concurrent logins', () => {
  it('neither loses nor repeats what is buffered', async () => {
    const destination = new FakeDestination();
    const deliverAll = (activities: readonly Activity[]) =>
      settle(Promise.all(activities.map((activity) => destination.deliver(activity))));
    let requests = 0;
    const takesAWhile: Respond = (batch) => {
      requests += 1;
      const respond = requests <= 60 || requests % 3 === 0 ? failsWith(503) : accepts;
      return takes((requests * 7) % 20, respond)(batch);
    };
    destination.respond(takesAWhile);
    for (let round = 0; round < 5; round += 1) {
      await deliverAll(someLogins(20, 20 * round));
      await passTime(RESET_TIMEOUT_MS);
    }
    destination.respond(accepts);
    const others = await deliverMore(destination, 20);
    expectOnceEach(destination, [...others, ...someLogins(100)]);
  });

  it('delivers a buffered SignUp once if its own login sends it meanwhile', async () => {
    const [signUp, other] = someSignUps(2) as [Activity, Activity];
    const destination = await createRecovered([signUp, other]);
    destination.respond(takes(50));
    await settle(Promise.all([destination.deliver(LOGIN), destination.deliver(signUp)]));
    expectOnceEach(destination, [LOGIN, signUp, other]);
  });

  it.each([
    ['its own login delivers it while the flush fails', accepts, isDown],
    ['its own login fails while the flush delivers it', isDown, accepts],
    ['both fail', isDown, isDown],
  ])('delivers a SignUp that is being flushed once if %s', async (_, toLogin, toFlush) => {
    const [signUp, other] = someSignUps(2) as [Activity, Activity];
    const destination = await createRecovered([signUp, other]);
    destination.respond(ifBatch(takes(100, toFlush)));
    const delivery = destination.deliver(LOGIN);
    await passTime(50);
    destination.respond(toLogin);
    await destination.deliver(signUp);
    await settle(delivery);

    destination.respond(accepts);
    const others = await deliverMore(destination, 3);
    expectOnceEach(destination, [LOGIN, ...others, signUp, other]);
  });
});

describe('a delivery with profiles', () => {
  /** A destination that sets profiles in a request of their own, which gets this response. */
  const createDestination = (respond: Respond) => {
    const fake = new FakeDestination();
    const profiles: string[][] = [];
    const destination = new Destination({
      ...fake.sink,
      async sendProfiles(activities) {
        profiles.push(getIds(activities));
        await respond(activities);
      },
    });
    const record = (activity: Activity, settings: Record<string, string> = {}) =>
      time(deliver(destination, activity, parseSecrets(destination.sink, settings)));
    return { destination, fake, profiles, record };
  };

  it('sends both at the same time', async () => {
    const { fake, profiles, record } = createDestination(takes(100));
    fake.respond(takes(100));
    const { result, elapsedMs } = await record(SIGN_UP);
    expect(result).not.toHaveProperty('profileError');
    expect(elapsedMs).toBe(100);
    expect([fake.accepted, profiles]).toEqual([[SIGN_UP.id], [[SIGN_UP.id]]]);
  });

  it.each<[string, Respond]>([
    ['rejected', rejectsWith(401)],
    ['unavailable', failsWith(503)],
    ['unavailable for long', failsWith(429, { retryAfterMs: 60_000 })],
    [
      'not even sent',
      () => {
        throw new TypeError('no profile');
      },
    ],
  ])('delivers an activity once whose profile is %s, and reports why', async (_, respond) => {
    const { destination, fake, profiles, record } = createDestination(respond);
    const { result } = await record(SIGN_UP);
    expect(result).toMatchObject({ attempts: 1, profileError: expect.any(Error) });
    expect(result).not.toHaveProperty('error');
    expect([fake.accepted, profiles]).toEqual([[SIGN_UP.id], [[SIGN_UP.id]]]);
    expect(destination.buffer.size).toBe(0);
  });

  it('keeps the circuit closed, however often profiles fail', async () => {
    const { fake, record } = createDestination(failsWith(503));
    const activities = someLogins(FAILURE_THRESHOLD + 2);
    for (const activity of activities) await record(activity);
    expect(fake.accepted).toEqual(getIds(activities));
  });

  it('hardly waits for profiles longer than for the activity', async () => {
    const { fake, record } = createDestination(hangs);
    const quick = await record(SIGN_UP);
    expect(quick.elapsedMs).toBeLessThanOrEqual(250 + GRACE_MS);
    expect(quick.result).toMatchObject({ profileError: { message: 'timed out after 250 ms' } });
    fake.respond(takes(500));
    const slow = await record(LOGIN);
    expect(slow.elapsedMs).toBeLessThanOrEqual(500 + 1000 + GRACE_MS);
    expect(fake.accepted).toEqual([SIGN_UP.id, LOGIN.id]);
  });

  it('delivers an activity that is accepted just before the deadline, at which its profile still hangs', async () => {
    const { fake, record } = createDestination(hangs);
    fake.respond(takes(TIMEOUT_MS - 10));
    const { result, elapsedMs } = await record(SIGN_UP);
    expect(result).toMatchObject({ attempts: 1, profileError: expect.any(Error) });
    expect(elapsedMs).toBeLessThanOrEqual(TIMEOUT_MS + GRACE_MS);
    expect(fake.accepted).toEqual([SIGN_UP.id]);
  });

  it('buffers an activity that fails, whatever becomes of its profile, and sends the profile again with it', async () => {
    const { destination, fake, profiles, record } = createDestination(accepts);
    fake.respond(isDown);
    expect((await record(SIGN_UP)).result).toMatchObject({ buffered: true });
    await passTime(RESET_TIMEOUT_MS);
    fake.respond(accepts);
    expect((await record(LOGIN)).result).toMatchObject({ flushed: 1 });
    expect(fake.accepted).toEqual([LOGIN.id, SIGN_UP.id]);
    expect(profiles).toEqual([[SIGN_UP.id], [LOGIN.id], [SIGN_UP.id]]);
    expect(destination.buffer.size).toBe(0);
  });

  it.each<[string, Respond]>([
    ['rejected', rejectsWith(400)],
    ['unavailable', failsWith(503)],
    ['hanging', hangs],
  ])('flushes an activity once whose profile is %s', async (_, respond) => {
    const { destination, fake, record } = createDestination(respond);
    fake.respond(isDown);
    await record(SIGN_UP);
    await passTime(RESET_TIMEOUT_MS);
    fake.respond(accepts);
    expect((await record(LOGIN)).result).toMatchObject({ flushed: 1 });
    expect(fake.accepted).toEqual([LOGIN.id, SIGN_UP.id]);
    expect(destination.buffer.size).toBe(0);
  });
});

describe('send', async () => {
  const { cert } = await createCertificate();

  const getRequest = async (secrets: Record<string, string>, tls?: HttpRequest['tls']) => {
    const requests: HttpRequest[] = [];
    const sink: Sink = {
      ...new FakeDestination().sink,
      async send(_, __, http) {
        await http({ url: 'https://example.com', headers: {}, body: '', ...(tls && { tls }) });
      },
    };
    await send(sink, [LOGIN], parseSecrets(sink, secrets), async (request) => {
      requests.push(request);
      return { status: 200, body: undefined };
    });
    return requests[0];
  };

  it('trusts the CA of TLS_CA_CERT', async () => {
    const request = await getRequest({ TLS_CA_CERT: cert });
    expect(request?.tls?.ca).toEqual([expect.stringContaining('BEGIN CERTIFICATE')]);
  });

  it("lets the sink's own CA take precedence", async () => {
    const tls = { ca: ['own'], rejectUnauthorized: true };
    expect((await getRequest({ TLS_CA_CERT: cert }, tls))?.tls).toEqual(tls);
  });

  it('trusts the public CAs by default', async () => {
    expect((await getRequest({}))?.tls).toEqual({});
  });
});
