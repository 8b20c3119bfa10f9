import type { RequestListener } from 'node:http';
import * as https from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import type { Activity } from '../../lib/activity.ts';
import { type Delivery, deliver } from '../../lib/deliver.ts';
import { type DeliveryError, RejectedError, UnavailableError } from '../../lib/errors.ts';
import { readSecrets } from '../../lib/secrets.ts';
import type { Sink } from '../../lib/sink.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import { NOW, stoppedClock } from '../support/clock.ts';
import { idsOf, LOGIN, SIGN_UP, someLogins, someSignUps } from '../support/events.ts';
import { failureOf, msOf } from '../support/promises.ts';
import { start } from '../support/server.ts';

const DEADLINE_MS = 300;
const TOLERANCE_MS = 50;
/** For what is not to be cut off on a busy machine. */
const LONG_DEADLINE = { DELIVERY_TIMEOUT_MS: '3000' };
const PAUSE_MS = 30_000;
const RETRIED_STATUSES = [408, 425, 429, 500, 502, 503, 504];

stoppedClock();

/** What a destination makes of a request: nothing is to accept it. */
type Answer = (batch: readonly Activity[]) => unknown;

interface Destination {
  readonly sink: Sink;
  /** The batches of all requests. */
  readonly requests: ReadonlyArray<readonly Activity[]>;
  /** The ids of what it has accepted. */
  readonly accepted: readonly string[];
  /** From now on every request is answered so. */
  answer(answer: Answer): void;
}

let destinations = 0;

/** The first requests are answered one by one, the others accepted. */
const destinationThat = (...answers: Answer[]): Destination => {
  const requests: Array<readonly Activity[]> = [];
  const accepted: string[] = [];
  let usual: Answer = () => {};
  const sink: Sink = {
    name: `destination-${destinations++}`,
    secrets: v.object({}),
    async send(batch) {
      requests.push(batch);
      await (answers.shift() ?? usual)(batch);
      accepted.push(...idsOf(batch));
    },
  };
  return {
    sink,
    requests,
    accepted,
    answer(answer) {
      usual = answer;
    },
  };
};

const failingWith =
  (makeError: () => unknown): Answer =>
  () => {
    throw makeError();
  };

/** As a server that is overloaded and says to try again at once, which spares the test the pauses. */
const isDown = failingWith(() => new UnavailableError('503', { status: 503, retryAfterMs: 0 }));
const isGone = failingWith(() => new UnavailableError('501', { status: 501 }));
const refuses = failingWith(() => new RejectedError('400', { status: 400 }));
const hangs: Answer = () => new Promise(() => {});

const refusing =
  (poison: Activity): Answer =>
  (batch) => {
    if (batch.some(({ id }) => id === poison.id)) throw new RejectedError('400', { status: 400 });
  };

const settings = (given: Record<string, string> = {}) =>
  readSecrets(v.object({}), { DELIVERY_TIMEOUT_MS: String(DEADLINE_MS), ...given });

const deliverTo = (
  { sink }: Pick<Destination, 'sink'>,
  activity: Activity,
  given: Record<string, string> = {},
): Promise<Delivery> => deliver(sink, activity, settings(given));

/** A destination that has missed these activities and is well again. */
const destinationWithout = async (activities: readonly Activity[]): Promise<Destination> => {
  const destination = destinationThat();
  destination.answer(isDown);
  await Promise.allSettled(activities.map((activity) => deliverTo(destination, activity)));
  destination.answer(() => {});
  vi.setSystemTime(Date.now() + PAUSE_MS);
  return destination;
};

/** So many logins of other users, half a minute apart, which deliver what is kept in the end. */
const deliverMore = async (destination: Destination, count: number): Promise<Activity[]> => {
  const activities = someLogins(count, 1000);
  for (const activity of activities) {
    vi.setSystemTime(Date.now() + PAUSE_MS);
    await deliverTo(destination, activity);
  }
  return activities;
};

/** The requests of one login. */
const requestsOf = async (destination: Destination, activity: Activity) => {
  const before = destination.requests.length;
  await Promise.allSettled([deliverTo(destination, activity)]);
  return destination.requests.slice(before).map(idsOf);
};

describe('an attempt', () => {
  it('that succeeds is the only one', async () => {
    const destination = destinationThat();
    expect(await deliverTo(destination, LOGIN)).toEqual({ durationMs: expect.any(Number), along: 0 });
    expect(destination.requests).toEqual([[LOGIN]]);
  });

  it.each([...RETRIED_STATUSES, undefined])('that fails with %s is repeated twice', async (status) => {
    const destination = destinationThat();
    const answer = { retryAfterMs: 0, ...(status && { status }) };
    destination.answer(failingWith(() => new UnavailableError('not now', answer)));
    expect((await failureOf(deliverTo(destination, LOGIN))).fate).toMatch(
      /^, after 3 attempts in 0\.\d s; kept for later$/,
    );
    expect(destination.requests).toEqual([[LOGIN], [LOGIN], [LOGIN]]);
  });

  it.each([1, 2])('that succeeds after %d failures is the last one', async (failures) => {
    const destination = destinationThat(...Array<Answer>(failures).fill(isDown));
    await deliverTo(destination, LOGIN);
    expect(destination.requests).toHaveLength(failures + 1);
    expect(destination.accepted).toEqual([LOGIN.id]);
  });

  it.each([501, 505, 511, 599])('that fails with %s is not repeated', async (status) => {
    const destination = destinationThat(failingWith(() => new UnavailableError('no', { status })));
    expect((await failureOf(deliverTo(destination, LOGIN))).fate).toBe('; kept for later');
    expect(destination.requests).toHaveLength(1);
  });

  it.each([302, 400, 401, 403, 404, 413, 422])('that is refused with %s is not repeated', async (status) => {
    const destination = destinationThat(failingWith(() => new RejectedError('no', { status })));
    expect((await failureOf(deliverTo(destination, LOGIN))).fate).toBe('');
    expect(destination.requests).toHaveLength(1);
  });

  it('that is refused after a failure is the last one', async () => {
    const destination = destinationThat(isDown, refuses);
    expect(await failureOf(deliverTo(destination, LOGIN))).toBeInstanceOf(RejectedError);
    expect(destination.requests).toHaveLength(2);
  });

  it.each([
    ['a wrong certificate', 'cannot connect: DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['an unknown host', 'cannot connect: ENOTFOUND'],
  ])('that meets %s is not repeated, because somebody must act', async (_, message) => {
    const advice = "check the destination's settings";
    const destination = destinationThat(failingWith(() => new UnavailableError(message, { advice })));
    expect(await failureOf(deliverTo(destination, LOGIN))).toMatchObject({
      message,
      advice,
      fate: '; kept for later',
    });
    expect(destination.requests).toHaveLength(1);
  });
});

describe('the pause before another attempt', () => {
  it('is random, below 200 ms and then below 400 ms', async () => {
    const pausesOf = async (): Promise<number[]> => {
      const times: number[] = [];
      const destination = destinationThat();
      destination.answer(() => {
        times.push(performance.now());
        throw new UnavailableError('cannot connect: ECONNREFUSED');
      });
      await failureOf(deliverTo(destination, LOGIN, LONG_DEADLINE));
      return times.slice(1).map((time, index) => time - (times[index] ?? 0));
    };
    const pauses = await Promise.all(Array.from({ length: 40 }, pausesOf));
    const [first, second] = [pauses.map(([ms = 0]) => ms), pauses.map(([, ms = 0]) => ms)] as const;
    expect(Math.max(...first)).toBeLessThan(200 + TOLERANCE_MS);
    expect(Math.min(...first)).toBeLessThan(100);
    expect(Math.max(...first)).toBeGreaterThan(100);
    expect(Math.max(...second)).toBeLessThan(400 + TOLERANCE_MS);
    expect(Math.min(...second)).toBeLessThan(200);
    expect(Math.max(...second)).toBeGreaterThan(200);
  });

  it('is as long as the destination asks for', async () => {
    const destination = destinationThat(
      failingWith(() => new UnavailableError('503', { status: 503, retryAfterMs: 120 })),
    );
    const ms = await msOf(deliverTo(destination, LOGIN));
    expect(destination.accepted).toEqual([LOGIN.id]);
    expect(Math.abs(ms - 120)).toBeLessThan(TOLERANCE_MS);
  });

  it.each([DEADLINE_MS, 3_600_000, Infinity])(
    'is none if the destination asks for %d ms, which the login does not have',
    async (retryAfterMs) => {
      const destination = destinationThat(
        failingWith(() => new UnavailableError('503', { status: 503, retryAfterMs })),
      );
      const delivery = failureOf(deliverTo(destination, LOGIN));
      expect(await msOf(delivery)).toBeLessThan(TOLERANCE_MS);
      expect((await delivery).fate).toBe('; kept for later');
      expect(destination.requests).toHaveLength(1);
    },
  );
});

describe('the time of a login', () => {
  const expectWithinDeadline = async (destination: Destination): Promise<DeliveryError> => {
    const delivery = failureOf(deliverTo(destination, LOGIN));
    expect(await msOf(delivery)).toBeLessThan(DEADLINE_MS + TOLERANCE_MS);
    return delivery;
  };

  it('ends at the deadline if the destination never answers', async () => {
    const destination = destinationThat();
    destination.answer(hangs);
    expect(await expectWithinDeadline(destination)).toMatchObject({
      name: 'UnavailableError',
      message: 'no answer within 300 ms',
      fate: '; kept for later',
    });
    expect(destination.requests).toHaveLength(1);
  });

  it('is one for all attempts and pauses', async () => {
    const failsLate: Answer = async () => {
      await sleep(120);
      throw new UnavailableError('503', { status: 503, retryAfterMs: 40 });
    };
    const destination = destinationThat(failsLate, failsLate, failsLate);
    expect((await expectWithinDeadline(destination)).fate).toMatch(/^, after 2 attempts in 0\.3 s; kept/);
  });

  it('began when the login began to wait', async () => {
    const destination = destinationThat();
    destination.answer(hangs);
    const startedAt = performance.now() - 2800;
    const delivery = failureOf(deliver(destination.sink, LOGIN, settings(LONG_DEADLINE), startedAt));
    expect(await msOf(delivery)).toBeLessThan(1000);
    expect((await delivery).message).toBe('no answer within 3000 ms');
  });

  it('ends at the deadline if what is kept never arrives, and nothing of it is lost', async () => {
    const kept = someLogins(3);
    const destination = await destinationWithout(kept);
    destination.answer((batch) => batch.length > 1 && hangs(batch));
    const delivery = deliverTo(destination, LOGIN);
    expect(await msOf(delivery)).toBeLessThan(DEADLINE_MS + TOLERANCE_MS);
    expect(await delivery).toMatchObject({ along: 0 });

    destination.answer(() => {});
    await deliverMore(destination, 4);
    expect(destination.accepted).toEqual(expect.arrayContaining(idsOf(kept)));
  });

  it('is over before a request that succeeds, fails or breaks after the deadline', async () => {
    const late = [() => {}, isDown, () => JSON.parse('{')].map((answer) =>
      destinationThat(async (batch) => {
        await sleep(DEADLINE_MS + TOLERANCE_MS);
        await answer(batch);
      }),
    );
    await Promise.all(late.map(expectWithinDeadline));
    // An unhandled rejection would fail the test run.
    await sleep(2 * TOLERANCE_MS);
  });

  it('is nothing while the destination is left alone', async () => {
    const destination = destinationThat(isGone, isGone, isGone);
    destination.answer(hangs);
    for (const activity of someLogins(3)) await failureOf(deliverTo(destination, activity));
    const delivery = failureOf(deliverTo(destination, LOGIN));
    expect(await msOf(delivery)).toBeLessThan(TOLERANCE_MS / 2);
    expect(await delivery).toMatchObject({
      name: 'UnavailableError',
      message: 'left alone after failures in a row',
      fate: '; kept for later',
    });
    expect(destination.requests).toHaveLength(3);
  });
});

describe('a sink with a fault of its own', () => {
  const brokenSink = (send: () => unknown): Pick<Destination, 'sink'> => ({
    sink: { name: `destination-${destinations++}`, secrets: v.object({}), send: send as Sink['send'] },
  });

  it.each([
    ['throws at once', () => JSON.parse('{')],
    ['throws later', async () => JSON.parse('{')],
  ])('that %s fails its own login, and nothing is kept', async (_, send) => {
    const broken = brokenSink(send);
    for (let logins = 0; logins < 5; logins += 1) {
      expect(await failureOf(deliverTo(broken, LOGIN))).toBeInstanceOf(SyntaxError);
    }
  });

  it.each([undefined, null, 'text', 0])('that throws %j fails its own login', async (thrown) => {
    expect(
      await failureOf(
        deliverTo(
          brokenSink(() => Promise.reject(thrown)),
          LOGIN,
        ),
      ),
    ).toBe(thrown);
  });

  it.each([
    ['throws at once', () => JSON.parse('{')],
    ['throws later', async () => JSON.parse('{')],
  ])('that %s for one of the kept delivers the others', async (_, fail) => {
    const kept = someLogins(4);
    const { sink, accepted } = await destinationWithout(kept);
    const send: Sink['send'] = (batch, ...others) =>
      batch.some(({ id }) => id === kept[0]?.id) ? fail() : sink.send(batch, ...others);
    const logins = someLogins(5, 4);
    for (const activity of logins) await deliverTo({ sink: { ...sink, send } }, activity);
    expect(accepted.toSorted()).toEqual(idsOf([...kept.slice(1), ...logins]).toSorted());
  });
});

describe('during an outage', () => {
  it('three logins try, then one every 30 s', async () => {
    const destination = destinationThat();
    destination.answer(async (batch) => {
      await sleep(10);
      isGone(batch);
    });
    const loginAll = (activities: readonly Activity[]) =>
      Promise.all(activities.map((activity) => failureOf(deliverTo(destination, activity))));
    await loginAll(someLogins(3));
    expect(destination.requests).toHaveLength(3);
    await loginAll(someLogins(5, 3));
    expect(destination.requests).toHaveLength(3);
    vi.setSystemTime(Date.now() + PAUSE_MS);
    await loginAll(someLogins(5, 8));
    expect(destination.requests).toHaveLength(4);
    await loginAll(someLogins(5, 13));
    expect(destination.requests).toHaveLength(4);
  });

  it('a success is its end for every login', async () => {
    const destination = await destinationWithout(someLogins(3));
    await deliverTo(destination, LOGIN);
    await Promise.all(someLogins(5, 3).map((activity) => deliverTo(destination, activity)));
    expect(new Set(destination.accepted)).toEqual(new Set(idsOf([LOGIN, ...someLogins(8)])));
  });

  it('an answer is its end, also if it is a refusal', async () => {
    const destination = await destinationWithout(someLogins(3));
    destination.answer(refuses);
    await failureOf(deliverTo(destination, LOGIN));
    await failureOf(deliverTo(destination, SIGN_UP));
    expect(destination.requests.slice(-2)).toEqual([[LOGIN], [SIGN_UP]]);
  });

  it('what is kept beyond 200 is dropped, and said', async () => {
    const destination = destinationThat();
    destination.answer(isDown);
    const activities = someLogins(202);
    for (const activity of activities.slice(0, 201)) await failureOf(deliverTo(destination, activity));
    const { fate } = await failureOf(deliverTo(destination, activities[201] as Activity));
    expect(fate).toBe('; kept for later, 1 older dropped');
    destination.answer(() => {});
    vi.setSystemTime(Date.now() + PAUSE_MS);
    expect(await deliverTo(destination, LOGIN)).toMatchObject({ along: 200 });
    expect(destination.accepted).toEqual(idsOf([LOGIN, ...activities.slice(2)]));
  });
});

describe('what is kept', () => {
  it('goes along behind the next success, in one request', async () => {
    const kept = [...someSignUps(4), ...someLogins(4, 4)];
    const destination = await destinationWithout(kept);
    expect(await deliverTo(destination, LOGIN)).toMatchObject({ along: 8 });
    expect(destination.requests.slice(-2)).toEqual([[LOGIN], kept]);
    expect(await requestsOf(destination, SIGN_UP)).toEqual([[SIGN_UP.id]]);
  });

  it('does not go along with a failure or a refusal, and is not lost', async () => {
    const kept = someLogins(2);
    const destination = await destinationWithout(kept);
    destination.answer(refuses);
    expect(await requestsOf(destination, LOGIN)).toEqual([[LOGIN.id]]);
    destination.answer(isDown);
    expect(await requestsOf(destination, SIGN_UP)).toEqual([[SIGN_UP.id], [SIGN_UP.id], [SIGN_UP.id]]);
    destination.answer(() => {});
    expect(await deliverTo(destination, LOGIN)).toMatchObject({ along: 3 });
    expect(destination.accepted.toSorted()).toEqual(idsOf([LOGIN, SIGN_UP, ...kept]).toSorted());
  });

  it('survives a request that fails, which is not repeated and costs the login nothing else', async () => {
    const kept = someLogins(5);
    const destination = await destinationWithout(kept);
    destination.answer((batch) => batch.length > 1 && isDown(batch));
    expect(await deliverTo(destination, LOGIN)).toMatchObject({ along: 0 });
    expect(destination.requests.slice(-2)).toEqual([[LOGIN], kept]);
    destination.answer(() => {});
    const others = await deliverMore(destination, 6);
    expect(destination.accepted.toSorted()).toEqual(idsOf([LOGIN, ...others, ...kept]).toSorted());
  });

  it('stays behind for 30 s after three requests in a row have failed', async () => {
    const destination = await destinationWithout(someLogins(4));
    destination.answer((batch) => batch.some((activity) => activity !== LOGIN) && isGone(batch));
    for (let logins = 0; logins < 3; logins += 1) {
      expect(await requestsOf(destination, LOGIN)).toHaveLength(2);
    }
    expect(await requestsOf(destination, LOGIN)).toEqual([[LOGIN.id]]);
    vi.setSystemTime(Date.now() + PAUSE_MS);
    expect(await requestsOf(destination, LOGIN)).toHaveLength(2);
    expect(await requestsOf(destination, LOGIN)).toEqual([[LOGIN.id]]);
  });

  it('is not held back by one that makes the destination fail, which is kept', async () => {
    const kept = someLogins(10);
    const poison = kept[6] as Activity;
    const destination = await destinationWithout(kept);
    destination.answer((batch) => batch.includes(poison) && isGone(batch));
    const others = await deliverMore(destination, 12);
    const delivered = idsOf([...others, ...kept.filter((activity) => activity !== poison)]);
    expect(destination.accepted.toSorted()).toEqual(delivered.toSorted());

    destination.answer(() => {});
    await deliverMore(destination, 1);
    expect(destination.accepted).toContain(poison.id);
  });

  it('loses the one that is refused, and the other nine arrive once, one request a login', async () => {
    const kept = someLogins(10);
    const poison = kept[6] as Activity;
    const destination = await destinationWithout(kept);
    destination.answer(refusing(poison));
    const before = destination.accepted.length;
    const deliveries: Delivery[] = [];
    for (const activity of someLogins(12, 10)) {
      const requests = destination.requests.length;
      deliveries.push(await deliverTo(destination, activity));
      expect(destination.requests.length - requests).toBeLessThanOrEqual(2);
    }
    const refusals = deliveries.flatMap(({ refusal }) => refusal ?? []);
    expect(refusals).toEqual([{ error: expect.any(RejectedError), refused: [poison] }]);
    expect(deliveries.reduce((sum, { along }) => sum + along, 0)).toBe(9);
    const delivered = idsOf([...kept.filter((activity) => activity !== poison), ...someLogins(12, 10)]);
    expect(destination.accepted.slice(before).toSorted()).toEqual(delivered.toSorted());
  });

  it('loses only what is refused where the destination tells, and has taken the others', async () => {
    const kept = someLogins(5);
    const refused = [kept[1], kept[3]] as Activity[];
    const destination = await destinationWithout(kept);
    const error = new RejectedError('an event was refused', { vendorText: 'Too long', refused });
    destination.answer((batch) => {
      if (batch.length > 1) throw error;
    });
    expect(await deliverTo(destination, LOGIN)).toMatchObject({ along: 3, refusal: { error, refused } });
    expect(await requestsOf(destination, SIGN_UP)).toEqual([[SIGN_UP.id]]);
  });

  describe('for a destination that takes two activities a request', () => {
    const pairsWithout = async (kept: readonly Activity[]): Promise<Destination> => {
      const destination = await destinationWithout(kept);
      return { ...destination, sink: { ...destination.sink, batchLimit: 2 } };
    };
    const pairs = (activities: readonly Activity[]) =>
      [0, 2, 4].map((start) => idsOf(activities.slice(start, start + 2)));

    it('goes along in several requests', async () => {
      const kept = someLogins(5);
      const destination = await pairsWithout(kept);
      expect(await requestsOf(destination, LOGIN)).toEqual([[LOGIN.id], ...pairs(kept)]);
      expect(await requestsOf(destination, LOGIN)).toEqual([[LOGIN.id]]);
    });

    it('goes along up to the request that fails', async () => {
      const kept = someLogins(6);
      const destination = await pairsWithout(kept);
      destination.answer((batch) => batch.includes(kept[2] as Activity) && isGone(batch));
      expect(await deliverTo(destination, LOGIN)).toEqual({ durationMs: expect.any(Number), along: 2 });
      destination.answer(() => {});
      await deliverMore(destination, 3);
      for (const id of idsOf(kept))
        expect(destination.accepted.filter((other) => other === id)).toEqual([id]);
    });

    it('goes along up to the request that is refused', async () => {
      const kept = someLogins(6);
      const destination = await pairsWithout(kept);
      const refused = kept.slice(2, 3);
      destination.answer((batch) => {
        if (batch.includes(kept[2] as Activity)) throw new RejectedError('refused', { refused });
      });
      expect(await deliverTo(destination, LOGIN)).toMatchObject({ along: 3, refusal: { refused } });
      expect(await requestsOf(destination, LOGIN)).toEqual([[LOGIN.id], idsOf(kept.slice(4))]);
    });

    it('goes along as long as there is time for another request', async () => {
      const kept = someLogins(10);
      const destination = await pairsWithout(kept);
      destination.answer(() => sleep(100));
      const { along } = await deliverTo(destination, LOGIN, { DELIVERY_TIMEOUT_MS: '400' });
      expect(along).toBeGreaterThan(0);
      expect(along).toBeLessThan(8);
      destination.answer(() => {});
      await deliverTo(destination, LOGIN);
      for (const id of idsOf(kept))
        expect(destination.accepted.filter((other) => other === id)).toEqual([id]);
    });
  });

  it.each([
    ['is accepted', () => {}],
    [
      'is refused',
      (batch: readonly Activity[]) => {
        if (batch.length > 1) throw new RejectedError('refused', { refused: batch });
      },
    ],
  ])('leaves room for 200 others when it %s', async (_, answer) => {
    const destination = await destinationWithout(someLogins(5));
    destination.answer(answer);
    await deliverTo(destination, LOGIN);
    destination.answer(isGone);
    for (const activity of someLogins(200, 5)) {
      expect((await failureOf(deliverTo(destination, activity))).fate).toBe('; kept for later');
    }
    destination.answer(() => {});
    vi.setSystemTime(Date.now() + PAUSE_MS);
    expect(await deliverTo(destination, LOGIN)).toMatchObject({ along: 200 });
  });

  it('is sent no more if the next login of its user has delivered it', async () => {
    const [signUp, ...others] = someSignUps(3) as [Activity, Activity, Activity];
    const destination = await destinationWithout([signUp, ...others]);
    expect(await deliverTo(destination, { ...signUp })).toMatchObject({ along: 2 });
    expect(destination.requests.slice(-2)).toEqual([[signUp], others]);
  });

  it('is only what ON_FAILURE=continue lets go on', async () => {
    const destination = destinationThat();
    destination.answer(isDown);
    for (const activity of someLogins(5)) {
      const { fate } = await failureOf(deliverTo(destination, activity, { ON_FAILURE: 'deny' }));
      expect(fate).toMatch(/^, after 3 attempts in 0\.\d s$/);
    }
    expect(destination.requests).toHaveLength(15);
    destination.answer(() => {});
    expect(await deliverTo(destination, LOGIN, { ON_FAILURE: 'deny' })).toMatchObject({ along: 0 });
    expect(destination.accepted).toEqual([LOGIN.id]);
  });
});

describe('logins at the same moment', () => {
  it('neither lose nor repeat what is kept', async () => {
    const destination = destinationThat();
    const lateAnswer =
      (answer: Answer): Answer =>
      async (batch) => {
        await sleep(Math.random() * 20);
        await answer(batch);
      };
    const loginAll = (activities: readonly Activity[]) =>
      Promise.allSettled(activities.map((activity) => deliverTo(destination, activity, LONG_DEADLINE)));

    destination.answer(lateAnswer(isDown));
    await loginAll(someLogins(20));
    expect(destination.accepted).toEqual([]);

    vi.setSystemTime(Date.now() + PAUSE_MS);
    let requests = 0;
    destination.answer(lateAnswer((batch) => (requests++ % 3 === 0 ? isDown(batch) : undefined)));
    for (let round = 1; round <= 4; round += 1) {
      await loginAll(someLogins(20, 20 * round));
      vi.setSystemTime(Date.now() + PAUSE_MS);
    }

    destination.answer(() => {});
    const others = await deliverMore(destination, 20);
    expect(destination.accepted.toSorted()).toEqual(idsOf([...others, ...someLogins(100)]).toSorted());
  });

  describe('of which one is of a user whose SignUp is kept', () => {
    const [signUp, other] = someSignUps(2) as [Activity, Activity];
    const accepts: Answer = () => {};

    /** From now on requests are answered by hand, by their number. */
    const holdRequests = (destination: Destination) => {
      const held: Array<(answer: Answer) => void> = [];
      destination.answer(async (batch) => {
        const answer = await new Promise<Answer>((resolve) => held.push(resolve));
        await answer(batch);
      });
      return async (number: number, answer: Answer) => {
        await vi.waitUntil(() => held.length > number, { interval: 1 });
        held[number]?.(answer);
      };
    };

    it('deliver it once if it is on its way again', async () => {
      const destination = await destinationWithout([signUp, other]);
      const answerRequest = holdRequests(destination);
      const deliveries = [deliverTo(destination, LOGIN), deliverTo(destination, signUp)];
      for (const number of [0, 1, 2]) await answerRequest(number, accepts);
      await Promise.all(deliveries);
      expect(destination.accepted.toSorted()).toEqual(idsOf([LOGIN, signUp, other]).toSorted());
    });

    it.each([
      ['once if it is delivered while it goes along in vain', accepts, isGone],
      ['once if it fails again while it goes along', isGone, accepts],
      ['once after all if both fail', isGone, isGone],
    ])('deliver it %s', async (_, ownAnswer, answerToKept) => {
      const destination = await destinationWithout([signUp, other]);
      const answerRequest = holdRequests(destination);
      const delivery = deliverTo(destination, LOGIN);
      await answerRequest(0, accepts);
      await vi.waitUntil(() => destination.requests.at(-1)?.includes(signUp), { interval: 1 });
      const own = deliverTo(destination, signUp);
      await answerRequest(2, ownAnswer);
      await Promise.allSettled([own]);
      await answerRequest(1, answerToKept);
      await delivery;

      destination.answer(accepts);
      const others = await deliverMore(destination, 3);
      expect(destination.accepted.toSorted()).toEqual(idsOf([LOGIN, ...others, signUp, other]).toSorted());
    });
  });
});

describe('over the wire', () => {
  /** A sink for a server that answers its first requests one by one, and the others with success. */
  const sinkFor = async (...answers: RequestListener[]) => {
    const bodies: string[] = [];
    const times: number[] = [];
    const url = await start(async (request, response) => {
      times.push(performance.now());
      bodies.push(await text(request));
      const answer = answers.shift() ?? (() => response.end());
      answer(request, response);
    });
    return { sink: sinkTo(url), bodies, times };
  };

  const sinkTo = (url: string): Sink => ({
    name: `destination-${destinations++}`,
    secrets: v.object({}),
    async send(batch, _, http) {
      await http({ url, headers: {}, body: JSON.stringify(batch) });
    },
  });

  const answering =
    (status: number, headers: Record<string, string> = {}): RequestListener =>
    (_, response) =>
      response.writeHead(status, headers).end();

  it('an answer to be repeated is followed by the same body', async () => {
    const repeated = RETRIED_STATUSES.map(async (status) => {
      const { sink, bodies } = await sinkFor(answering(status), answering(status));
      await deliverTo({ sink }, LOGIN, LONG_DEADLINE);
      return bodies;
    });
    expect(await Promise.all(repeated)).toEqual(
      RETRIED_STATUSES.map(() => Array(3).fill(JSON.stringify([LOGIN]))),
    );
  });

  it('a connection that is reset is tried again, with the same body', async () => {
    const { sink, bodies } = await sinkFor(({ socket }) => socket.resetAndDestroy());
    await deliverTo({ sink }, LOGIN, LONG_DEADLINE);
    expect(bodies).toEqual(Array(2).fill(JSON.stringify([LOGIN])));
  });

  it('a certificate that cannot be verified is met once', async () => {
    let connections = 0;
    const server = https.createServer(await createCertificate()).on('connection', () => connections++);
    const failure = await failureOf(deliverTo({ sink: sinkTo(await start(() => {}, server)) }, LOGIN));
    expect(failure.message).toBe('cannot connect: DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(connections).toBe(1);
  });

  describe('Retry-After', () => {
    it('can be a date', async () => {
      const before = new Date('2026-01-31T12:00:00.800Z');
      vi.setSystemTime(before);
      const { sink, times } = await sinkFor(
        answering(503, { 'Retry-After': 'Sat, 31 Jan 2026 12:00:01 GMT' }),
      );
      await deliverTo({ sink }, LOGIN);
      const [first = 0, second = 0] = times;
      expect(Math.abs(second - first - 200)).toBeLessThan(TOLERANCE_MS);
    });

    it.each(['0', '000', NOW.toUTCString(), 'Thu, 01 Jan 1970 00:00:00 GMT'])(
      'can be over already: %s',
      async (value) => {
        const { sink, times } = await sinkFor(answering(503, { 'Retry-After': value }));
        await deliverTo({ sink }, LOGIN);
        const [first = 0, second = 0] = times;
        expect(second - first).toBeLessThan(TOLERANCE_MS);
      },
    );

    it.each(['1', '3600', '99999999999999999999', 'Sat, 31 Jan 2026 13:00:00 GMT'])(
      'can be longer than the login can wait: %s',
      async (value) => {
        const { sink, bodies } = await sinkFor(answering(503, { 'Retry-After': value }));
        const delivery = failureOf(deliverTo({ sink }, LOGIN));
        expect(await msOf(delivery)).toBeLessThan(2 * TOLERANCE_MS);
        expect(bodies).toHaveLength(1);
      },
    );

    it.each(['soon', '-5', '1.5'])('is as if it were not there if it makes no sense: %j', async (value) => {
      const pauses = Array.from({ length: 8 }, async () => {
        const { sink, times } = await sinkFor(answering(503, { 'Retry-After': value }));
        await deliverTo({ sink }, LOGIN, LONG_DEADLINE);
        const [first = 0, second = 0] = times;
        return second - first;
      });
      expect(Math.max(...(await Promise.all(pauses)))).toBeGreaterThan(40);
    });
  });
});
