/** What logins wait for while a destination hangs, or is slow. */
import { describe, expect, it } from 'vitest';
import { type Activity, toSignUp } from '../../lib/activity.ts';
import { OVERDUE_MS, RESET_TIMEOUT_MS } from '../../lib/circuit-breaker.ts';
import type { Delivery } from '../../lib/deliver.ts';
import { passTime, settle, useFakeClock } from '../support/clock.ts';
import { getIds, LOGIN, someLogins } from '../support/events.ts';
import { accepts, FakeDestination, hangs, takes } from '../support/fake-destination.ts';

const LOGINS = someLogins(200);
const SLOW_MS = 2000;
const TIMEOUT_MS = 3000;
const GRACE_MS = 25;

useFakeClock();

interface Login {
  readonly delivery: Delivery;
  readonly waitMs: number;
}

const logIn = async (destination: FakeDestination, activity: Activity): Promise<Login> => {
  const startedAt = performance.now();
  const delivery = await destination.deliver(activity);
  return { delivery, waitMs: performance.now() - startedAt };
};

const logInAtRate = (destination: FakeDestination, perSecond: number): Promise<Login[]> =>
  settle(
    Promise.all(
      LOGINS.map(async (activity, index) => {
        await new Promise((resolve) => setTimeout(resolve, (index / perSecond) * 1000));
        return logIn(destination, activity);
      }),
    ),
  );

const getMeanWaitMs = (logins: readonly Login[]): number =>
  logins.reduce((sum, { waitMs }) => sum + waitMs, 0) / logins.length;

const getCodes = (logins: readonly Login[]): Set<unknown> =>
  new Set(
    logins.map(({ delivery }) => ('error' in delivery ? Reflect.get(delivery.error as Error, 'code') : 'OK')),
  );

const warmUp = async (destination: FakeDestination): Promise<void> => {
  await settle(destination.deliver(LOGIN));
  destination.accepted.length = 0;
};

describe('deliver, to a destination that hangs', () => {
  it.each([
    { perSecond: 5, meanMs: 100 },
    { perSecond: 50, meanMs: 150 },
  ])(
    'costs 200 logins at $perSecond per second $meanMs ms on average at most, and loses none',
    async ({ perSecond, meanMs }) => {
      const destination = new FakeDestination();
      await warmUp(destination);
      destination.respond(hangs);
      const logins = await logInAtRate(destination, perSecond);
      expect(getMeanWaitMs(logins)).toBeLessThanOrEqual(meanMs);
      expect(logins.every(({ delivery }) => 'error' in delivery && delivery.buffered)).toBe(true);

      destination.respond(accepts);
      await passTime(TIMEOUT_MS + GRACE_MS + RESET_TIMEOUT_MS);
      expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: LOGINS.length, dropped: 0 });
      expect(destination.accepted.toSorted()).toEqual(getIds([LOGIN, ...LOGINS]).toSorted());
    },
  );

  it('opens the circuit by the requests that no login waits for', async () => {
    const destination = new FakeDestination().respond(hangs);
    await settle(Promise.all(LOGINS.slice(0, 3).map((login) => destination.deliver(login))));
    await passTime(TIMEOUT_MS);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ error: { code: 'CIRCUIT_OPEN' } });
  });

  it('opens the circuit from when logins stopped waiting', async () => {
    const destination = new FakeDestination().respond(hangs);
    await settle(Promise.all(LOGINS.slice(0, 3).map((login) => destination.deliver(login))));
    await passTime(RESET_TIMEOUT_MS - 1);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ error: { code: 'CIRCUIT_OPEN' } });
    await passTime(1);
    destination.respond(accepts);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: 3 });
  });

  it('keeps each login waiting that must not be lost', async () => {
    const destination = new FakeDestination().respond(hangs);
    const startedAt = performance.now();
    const deny = LOGINS.slice(0, 4).map((login) => destination.deliver(login, { ON_FAILURE: 'deny' }));
    const deliveries = await settle(Promise.all(deny));
    expect(performance.now() - startedAt).toBe(TIMEOUT_MS + GRACE_MS);
    for (const delivery of deliveries) expect(delivery).toMatchObject({ error: { code: 'TIMEOUT' } });
  });
});

describe('deliver, to a destination that is slow', () => {
  it.each([5, 50])(
    'sends each of 200 logins at %d per second once, in a fresh instance',
    async (perSecond) => {
      const destination = new FakeDestination().respond(takes(SLOW_MS));
      const logins = await logInAtRate(destination, perSecond);
      await passTime(SLOW_MS);
      expect(destination.accepted.toSorted()).toEqual(getIds(LOGINS).toSorted());
      expect(destination.buffer.size).toBe(0);
      expect([...getCodes(logins)].toSorted()).toEqual(['OK', 'STALLED']);
      // Only until the first response.
      expect(getCodes(logins.slice((SLOW_MS / 1000) * perSecond + 1))).toEqual(new Set(['OK']));
    },
  );

  it.each([5, 50])(
    'delivers each of 200 logins at %d per second while it waits, once it is known',
    async (perSecond) => {
      const destination = new FakeDestination().respond(takes(SLOW_MS));
      await warmUp(destination);
      expect(getCodes(await logInAtRate(destination, perSecond))).toEqual(new Set(['OK']));
      expect(destination.accepted.toSorted()).toEqual(getIds(LOGINS).toSorted());
    },
  );

  it('keeps a SignUp waiting, whose flag depends on the response', async () => {
    const destination = new FakeDestination().respond(takes(SLOW_MS));
    const activities = LOGINS.slice(0, 4).map((login, index) => (index === 3 ? toSignUp(login) : login));
    const logins = await settle(Promise.all(activities.map((activity) => logIn(destination, activity))));
    expect(logins.map(({ waitMs }) => waitMs)).toEqual([OVERDUE_MS, OVERDUE_MS, OVERDUE_MS, SLOW_MS]);
    expect(logins.at(-1)?.delivery).not.toHaveProperty('error');
  });

  it('reports with the next delivery what was delivered without a login', async () => {
    const destination = new FakeDestination().respond(takes(SLOW_MS));
    const [login] = await settle(Promise.all(LOGINS.slice(0, 3).map((login) => logIn(destination, login))));
    expect(login).toMatchObject({
      waitMs: OVERDUE_MS,
      delivery: { attempts: 1, buffered: true, error: { code: 'STALLED' } },
    });
    await passTime(SLOW_MS);
    destination.respond(accepts);
    expect(await settle(destination.deliver(LOGIN))).toMatchObject({ flushed: 3 });
    expect(destination.requests).toHaveLength(4);
  });
});
