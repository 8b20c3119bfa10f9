import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Activity } from '../../lib/activity.ts';
import { BUFFER_LIMIT, RetryBuffer } from '../../lib/retry-buffer.ts';
import { getIds, LOGIN, SIGN_UP, someLogins, someSignUps } from '../support/events.ts';

const [first, second, third, fourth] = someLogins(4) as [Activity, Activity, Activity, Activity];

const createBuffer = (...activities: readonly Activity[]): RetryBuffer => {
  const buffer = new RetryBuffer();
  for (const activity of activities) buffer.add(activity);
  return buffer;
};

/** Everything that waits, batch by batch. */
const takeAll = (buffer: RetryBuffer, limit?: number): Array<readonly Activity[]> => {
  const batches: Array<readonly Activity[]> = [];
  while (buffer.size > 0) batches.push(buffer.takeBatch(limit));
  return batches;
};

describe('RetryBuffer.takeBatch', () => {
  it('takes everything that waits in one batch, oldest first', () => {
    const buffer = createBuffer(second, third, first);
    expect(buffer.takeBatch()).toEqual([first, second, third]);
    expect(buffer.takeBatch()).toEqual([]);
  });

  it('takes no more than the limit', () => {
    expect(takeAll(createBuffer(second, third, first), 2)).toEqual([[first, second], [third]]);
  });

  it('takes nothing from an empty buffer', () => {
    expect(new RetryBuffer().takeBatch()).toEqual([]);
  });

  it('leaves in the buffer what is not taken', () => {
    const buffer = createBuffer(first, second, third);
    buffer.takeBatch(2);
    expect(buffer.size).toBe(1);
  });
});

describe('RetryBuffer.add', () => {
  it('buffers an activity once, as it was added last', () => {
    const changed: Activity = { ...first, time: third.time };
    expect(takeAll(createBuffer(first, second, changed, second))).toEqual([[second, changed]]);
  });

  it('buffers no activity that is in flight', () => {
    const buffer = createBuffer(first, second);
    buffer.takeBatch();
    expect(buffer.add(first)).toBe(true);
    expect(buffer.size).toBe(0);
  });

  it('buffers an activity again that was in flight and has been removed', () => {
    const buffer = createBuffer(first, second);
    const batch = buffer.takeBatch();
    buffer.remove([first]);
    buffer.add(first);
    buffer.bisect(batch);
    expect(takeAll(buffer).flat()).toEqual([first, second]);
  });
});

describe('RetryBuffer.remove', () => {
  it('removes activities by their id', () => {
    const buffer = createBuffer(first, second, third);
    buffer.remove([{ ...second }, fourth]);
    expect(takeAll(buffer)).toEqual([[first, third]]);
  });

  it('removes activities from the halves of a batch', () => {
    const buffer = createBuffer(first, second, third);
    buffer.bisect(buffer.takeBatch());
    buffer.remove([first, second]);
    expect(takeAll(buffer)).toEqual([[third]]);
  });

  it('removes activities in flight, so that they do not come back', () => {
    const buffer = createBuffer(first, second, third);
    const batch = buffer.takeBatch();
    buffer.remove([second]);
    buffer.bisect(batch);
    expect(takeAll(buffer).flat()).toEqual([first, third]);
  });

  it('counts nothing as dropped', () => {
    const buffer = createBuffer(first);
    buffer.remove([first]);
    expect(buffer.droppedSinceLastCall()).toBe(0);
  });
});

describe('RetryBuffer.hold', () => {
  const accepted = Promise.resolve();
  const failed = () => Promise.reject(new Error('down'));

  it('keeps an activity out of batches while its request is in flight', () => {
    const buffer = createBuffer();
    expect(buffer.hold(first, accepted)).toBe(true);
    expect(buffer.size).toBe(0);
  });

  it('forgets the activity once it is accepted, and counts it', async () => {
    const buffer = createBuffer();
    buffer.hold(first, accepted);
    await nextTurn();
    expect(buffer.size).toBe(0);
    expect([buffer.deliveredSinceLastCall(), buffer.deliveredSinceLastCall()]).toEqual([1, 0]);
  });

  it('takes the activity in the batch of all others once its request has failed', async () => {
    const buffer = createBuffer(second);
    buffer.hold(first, failed());
    await nextTurn();
    expect(takeAll(buffer)).toEqual([[first, second]]);
    expect(buffer.deliveredSinceLastCall()).toBe(0);
  });

  it('forgets an activity that was removed meanwhile, however its request ends', async () => {
    for (const send of [() => accepted, failed]) {
      const buffer = createBuffer();
      buffer.hold(first, send());
      buffer.remove([first]);
      await nextTurn();
      expect(buffer.size).toBe(0);
      expect([buffer.deliveredSinceLastCall(), buffer.droppedSinceLastCall()]).toEqual([0, 0]);
    }
  });

  it('drops the activity if the buffer is closed when its request fails, and reports it with the next buffer', async () => {
    const buffer = createBuffer();
    buffer.hold(first, failed());
    buffer.close();
    const next = new RetryBuffer(buffer.counts);
    await nextTurn();
    expect(next.droppedSinceLastCall()).toBe(1);
  });

  it('holds nothing if the buffer is closed', () => {
    const buffer = createBuffer();
    buffer.close();
    expect(buffer.hold(first, accepted)).toBe(false);
  });
});

describe('RetryBuffer.close', () => {
  it('drops everything that waits, and counts it', () => {
    const buffer = createBuffer(first, second, third);
    buffer.bisect(buffer.takeBatch(2));
    buffer.close();
    expect(buffer.size).toBe(0);
    expect(buffer.droppedSinceLastCall()).toBe(3);
  });

  it('drops what is in flight if it comes back, and counts it then', () => {
    const buffer = createBuffer(first, second);
    const batch = buffer.takeBatch();
    buffer.close();
    expect(buffer.droppedSinceLastCall()).toBe(0);
    buffer.bisect(batch);
    expect(buffer.size).toBe(0);
    expect(buffer.droppedSinceLastCall()).toBe(2);
  });

  it('does not count what is in flight if it is accepted', () => {
    const buffer = createBuffer(first, second);
    const batch = buffer.takeBatch();
    buffer.close();
    buffer.remove(batch);
    expect(buffer.droppedSinceLastCall()).toBe(0);
  });

  it('lets nothing be added', () => {
    const buffer = createBuffer();
    expect(buffer.add(first)).toBe(true);
    buffer.close();
    expect(buffer.add(second)).toBe(false);
    expect(buffer.size).toBe(0);
  });
});

describe('RetryBuffer beyond its limit', () => {
  it('holds 200 activities', () => {
    expect(BUFFER_LIMIT).toBe(200);
    const buffer = createBuffer(...someLogins(BUFFER_LIMIT));
    expect(buffer.droppedSinceLastCall()).toBe(0);
    expect(buffer.size).toBe(BUFFER_LIMIT);
  });

  it('drops the oldest Login, whenever it was added', () => {
    const [oldest, ...others] = someLogins(BUFFER_LIMIT + 1) as [Activity, ...Activity[]];
    expect(getIds(createBuffer(...others, oldest).takeBatch())).toEqual(getIds(others));
  });

  it('drops Logins before SignUps, however old those are', () => {
    const signUps = someSignUps(BUFFER_LIMIT - 1);
    const logins = someLogins(3, BUFFER_LIMIT);
    const buffer = createBuffer(...signUps, ...logins);
    expect(getIds(buffer.takeBatch())).toEqual(getIds([...signUps, ...logins.slice(2)]));
  });

  it('drops a new Login if everything else is a SignUp', () => {
    const signUps = someSignUps(BUFFER_LIMIT);
    const buffer = createBuffer(...signUps, ...someLogins(1, BUFFER_LIMIT));
    expect(getIds(buffer.takeBatch())).toEqual(getIds(signUps));
    expect(buffer.droppedSinceLastCall()).toBe(1);
  });

  it('drops the oldest SignUp if there are no Logins', () => {
    const signUps = someSignUps(BUFFER_LIMIT + 1);
    expect(getIds(createBuffer(...signUps).takeBatch())).toEqual(getIds(signUps.slice(1)));
  });

  it('reports with the first what was dropped before', () => {
    const buffer = createBuffer(first, second);
    const batch = buffer.takeBatch(1);
    buffer.close();
    const next = new RetryBuffer(buffer.counts);
    buffer.bisect(batch);
    expect(next.droppedSinceLastCall()).toBe(2);
  });

  it('counts what it dropped since the last call', () => {
    const buffer = createBuffer(...someLogins(BUFFER_LIMIT + 7));
    expect(buffer.droppedSinceLastCall()).toBe(7);
    expect(buffer.droppedSinceLastCall()).toBe(0);
    for (const activity of someLogins(2, BUFFER_LIMIT + 7)) buffer.add(activity);
    expect(buffer.droppedSinceLastCall()).toBe(2);
  });

  it('does not count activities in flight against the limit', () => {
    const buffer = createBuffer(...someSignUps(BUFFER_LIMIT));
    buffer.takeBatch();
    buffer.add(LOGIN);
    expect(buffer.size).toBe(1);
    expect(buffer.droppedSinceLastCall()).toBe(0);
  });

  it('drops the overflow when a batch comes back', () => {
    const buffer = createBuffer(...someLogins(BUFFER_LIMIT));
    const batch = buffer.takeBatch();
    for (const activity of someLogins(10, BUFFER_LIMIT)) buffer.add(activity);
    buffer.bisect(batch);
    expect(buffer.size).toBe(BUFFER_LIMIT);
    expect(buffer.droppedSinceLastCall()).toBe(10);
    expect(getIds(takeAll(buffer).flat())).not.toContain(batch[9]?.id);
  });

  it('keeps 200 of 10,000 activities', () => {
    const buffer = createBuffer(
      ...Array.from({ length: 10_000 }, (_, index) => ({ ...LOGIN, id: `${index}` })),
    );
    expect(buffer.droppedSinceLastCall()).toBe(10_000 - BUFFER_LIMIT);
    expect(buffer.size).toBe(BUFFER_LIMIT);
  });
});

describe('RetryBuffer.bisect', () => {
  it('returns a batch in two halves, apart from what was in no batch yet', () => {
    const buffer = createBuffer(first, second, third);
    buffer.bisect(buffer.takeBatch());
    buffer.add(fourth);
    expect(takeAll(buffer)).toEqual([[fourth], [first, second], [third]]);
  });

  it('keeps the halves of two batches apart', () => {
    const buffer = createBuffer(first, second);
    const batch = buffer.takeBatch();
    buffer.add(third);
    buffer.add(fourth);
    const otherBatch = buffer.takeBatch();
    buffer.bisect(batch);
    buffer.bisect(otherBatch);
    expect(takeAll(buffer)).toEqual([[first], [second], [third], [fourth]]);
  });

  it('returns a batch of one as it is', () => {
    const buffer = createBuffer(first);
    buffer.bisect(buffer.takeBatch());
    expect(takeAll(buffer)).toEqual([[first]]);
  });

  /** Sends batch after batch to a destination that rejects those with a poisoned activity. */
  const drain = (buffer: RetryBuffer, poisoned: ReadonlySet<Activity>) => {
    const accepted: Activity[] = [];
    const rejected: Activity[] = [];
    let requests = 0;
    while (buffer.size > 0) {
      const batch = buffer.takeBatch();
      requests += 1;
      if (!batch.some((activity) => poisoned.has(activity))) accepted.push(...batch);
      else if (batch.length > 1) buffer.bisect(batch);
      else rejected.push(...batch);
    }
    return { accepted, rejected, requests };
  };

  it.each([2, 3, 10, 33])('isolates the poisoned one of %d activities in few requests', (count) => {
    const batch = someLogins(count);
    for (const poisoned of batch) {
      const { accepted, rejected, requests } = drain(createBuffer(...batch), new Set([poisoned]));
      expect(rejected).toEqual([poisoned]);
      expect(accepted).toHaveLength(count - 1);
      expect(new Set([...accepted, poisoned])).toEqual(new Set(batch));
      expect(requests).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(count)));
    }
  });

  it('isolates several poisoned activities and no other', () => {
    const batch = [...someLogins(20), SIGN_UP];
    const poisoned = new Set([0, 1, 7, 20].map((index) => batch[index] as Activity));
    const { accepted, rejected } = drain(createBuffer(...batch), poisoned);
    expect(new Set(rejected)).toEqual(poisoned);
    expect(accepted).toHaveLength(17);
  });
});
