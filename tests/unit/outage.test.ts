import { describe, expect, it, vi } from 'vitest';
import type { Activity } from '../../lib/activity.ts';
import { Outage, outageOf } from '../../lib/outage.ts';
import { stoppedClock } from '../support/clock.ts';
import { idsOf, LOGIN, SIGN_UP, someLogins, someSignUps } from '../support/events.ts';

const PAUSE_MS = 30_000;
const QUEUE_LIMIT = 200;

stoppedClock();

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

const failedTimes = (count: number): Outage => {
  const outage = new Outage();
  for (let failures = 0; failures < count; failures += 1) outage.failed();
  return outage;
};

const keeping = (...activities: readonly Activity[]): Outage => {
  const outage = new Outage();
  for (const activity of activities) outage.keep([activity]);
  return outage;
};

describe('a destination', () => {
  it.each([0, 1, 2])('is tried after %d failures in a row', (count) => {
    const outage = failedTimes(count);
    expect([outage.mayTry(), outage.mayTry()]).toEqual([true, true]);
  });

  it('is left alone for 30 s after three failures in a row', () => {
    const outage = failedTimes(3);
    expect(outage.mayTry()).toBe(false);
    pass(PAUSE_MS - 1);
    expect(outage.mayTry()).toBe(false);
    pass(1);
    expect(outage.mayTry()).toBe(true);
  });

  it('is then tried by one login while the others leave it alone', () => {
    const outage = failedTimes(3);
    pass(PAUSE_MS);
    expect([outage.mayTry(), outage.mayTry(), outage.mayTry()]).toEqual([true, false, false]);
    pass(PAUSE_MS - 1);
    expect(outage.mayTry()).toBe(false);
  });

  it('is left alone for another 30 s after that one has failed, too', () => {
    const outage = failedTimes(3);
    pass(PAUSE_MS);
    outage.mayTry();
    pass(2000);
    outage.failed();
    pass(PAUSE_MS - 1);
    expect(outage.mayTry()).toBe(false);
    pass(1);
    expect([outage.mayTry(), outage.mayTry()]).toEqual([true, false]);
  });

  it('is tried by one login every 30 s if nothing becomes of the attempts', () => {
    const outage = failedTimes(3);
    for (let round = 0; round < 3; round += 1) {
      pass(PAUSE_MS);
      expect([outage.mayTry(), outage.mayTry()]).toEqual([true, false]);
    }
  });

  it('is tried by every login as soon as it has answered', () => {
    const outage = failedTimes(3);
    outage.ended();
    expect([outage.mayTry(), outage.mayTry()]).toEqual([true, true]);
  });

  it('has three failures left after an answer', () => {
    const outage = failedTimes(2);
    outage.ended();
    outage.failed();
    outage.failed();
    expect(outage.mayTry()).toBe(true);
    outage.failed();
    expect(outage.mayTry()).toBe(false);
  });

  it('is remembered by its name, apart from others', () => {
    outageOf('one').keep([LOGIN]);
    expect(outageOf('other').take()).toEqual([]);
    expect(outageOf('one').take()).toEqual([LOGIN]);
  });
});

describe('what is kept', () => {
  const [first, second, third] = someLogins(3) as [Activity, Activity, Activity];

  it('is taken together, the oldest first, and once', () => {
    const outage = keeping(second, third, first);
    expect(outage.take()).toEqual([first, second, third]);
    expect(outage.take()).toEqual([]);
  });

  it('is taken in as many as a request holds', () => {
    const outage = keeping(second, third, first);
    expect(outage.take(2)).toEqual([first, second]);
    expect(outage.take(2)).toEqual([third]);
    expect(outage.take(2)).toEqual([]);
  });

  it('is kept once by its id, as it was last', () => {
    const again: Activity = { ...first, time: third.time };
    const outage = keeping(first, second);
    outage.keep([again, second]);
    expect(outage.take()).toEqual([second, again]);
  });

  it('is forgotten by its id', () => {
    const outage = keeping(first, second, third);
    outage.forget({ ...second });
    expect(outage.take()).toEqual([first, third]);
    outage.forget(first);
    expect(outage.take()).toEqual([]);
  });
});

describe('where too much is kept', () => {
  it('nothing is dropped up to 200', () => {
    const outage = keeping(...someLogins(QUEUE_LIMIT));
    expect(outage.countDropped()).toBe(0);
    expect(outage.take()).toHaveLength(QUEUE_LIMIT);
  });

  it('the oldest Login is dropped, whenever it was kept', () => {
    const [oldest, ...others] = someLogins(QUEUE_LIMIT + 1) as [Activity, ...Activity[]];
    expect(idsOf(keeping(...others, oldest).take())).toEqual(idsOf(others));
  });

  it('Logins are dropped before any SignUp, however old', () => {
    const signUps = someSignUps(QUEUE_LIMIT - 1);
    const logins = someLogins(3, QUEUE_LIMIT);
    expect(idsOf(keeping(...signUps, ...logins).take())).toEqual(idsOf([...signUps, ...logins.slice(2)]));
  });

  it('a Login is not even kept beside 200 SignUps', () => {
    const signUps = someSignUps(QUEUE_LIMIT);
    const outage = keeping(...signUps, ...someLogins(1, QUEUE_LIMIT));
    expect(idsOf(outage.take())).toEqual(idsOf(signUps));
  });

  it('the oldest SignUp is dropped if there are no Logins', () => {
    const signUps = someSignUps(QUEUE_LIMIT + 1);
    expect(idsOf(keeping(...signUps).take())).toEqual(idsOf(signUps.slice(1)));
  });

  it('what was dropped is counted, once', () => {
    const outage = new Outage();
    outage.keep(someLogins(QUEUE_LIMIT + 7));
    expect(outage.countDropped()).toBe(7);
    expect(outage.countDropped()).toBe(0);
    outage.keep(someLogins(2, QUEUE_LIMIT + 7));
    expect(outage.countDropped()).toBe(2);
  });

  it('200 are left of 100 000', () => {
    const outage = new Outage();
    const thousand = Array.from({ length: 1000 }, (_, index) => index);
    for (let round = 0; round < 100; round += 1) {
      outage.keep(thousand.map((index) => ({ ...LOGIN, id: `${round}-${index}` })));
    }
    expect(outage.countDropped()).toBe(100_000 - QUEUE_LIMIT);
    expect(outage.take()).toHaveLength(QUEUE_LIMIT);
  });
});

describe('a refused batch', () => {
  it('goes in two parts, apart from what was never in one', () => {
    const [one, other, third, later] = someLogins(4) as [Activity, Activity, Activity, Activity];
    const outage = keeping(one, other, third);
    outage.keepInParts(outage.take());
    outage.keep([later]);
    const processed = Array.from({ length: 3 }, () => outage.take());
    expect(new Set(processed)).toEqual(new Set([[one, other], [third], [later]]));
    expect(outage.take()).toEqual([]);
  });

  it('does not mix with another one', () => {
    const outage = keeping(...someLogins(2));
    const first = outage.take();
    outage.keep(someLogins(2, 2));
    const second = outage.take();
    outage.keepInParts(first);
    outage.keepInParts(second);
    const processed = Array.from({ length: 4 }, () => outage.take().length);
    expect(processed).toEqual([1, 1, 1, 1]);
  });

  /** Takes batch after batch to a destination that refuses those with a poisonous one; says what came of them. */
  const empty = (outage: Outage, poison: ReadonlySet<Activity>) => {
    const delivered: Activity[] = [];
    const refused: Activity[] = [];
    let requests = 0;
    for (let batch = outage.take(); batch.length > 0; batch = outage.take()) {
      requests += 1;
      if (!batch.some((activity) => poison.has(activity))) delivered.push(...batch);
      else if (batch.length > 1) outage.keepInParts(batch);
      else refused.push(...batch);
    }
    return { delivered, refused, requests };
  };

  it.each([2, 3, 10, 33])(
    'of %d is halved until the one to blame is alone, and the others are delivered once',
    (count) => {
      const batch = someLogins(count);
      for (const poison of batch) {
        const { delivered, refused, requests } = empty(keeping(...batch), new Set([poison]));
        expect(refused).toEqual([poison]);
        expect(delivered).toHaveLength(count - 1);
        expect(new Set([...delivered, poison])).toEqual(new Set(batch));
        expect(requests).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(count)));
      }
    },
  );

  it('loses as many as are to blame, and no other', () => {
    const batch = [...someLogins(20), SIGN_UP];
    const poison = new Set([0, 1, 7, 20].map((index) => batch[index] as Activity));
    const { delivered, refused } = empty(keeping(...batch), poison);
    expect(new Set(refused)).toEqual(poison);
    expect(delivered).toHaveLength(17);
  });
});
