import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { loadAxios } from '../../lib/axios.ts';

export const NOW = new Date('2026-01-31T12:00:00.123Z');

/** In each test of the file it is NOW until the test moves the clock. Timers are real. */
export const useFixedClock = (): void => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW }));
  afterEach(() => void vi.useRealTimers());
};

/** In each test of the file it is NOW, and time passes by `settle` and `passTime` only: for timers as well. */
export const useFakeClock = (): void => {
  // Loading takes real time, in which a fake clock would be moved on.
  beforeAll(async () => void (await loadAxios()));
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'], now: NOW });
  });
  afterEach(() => void vi.useRealTimers());
};

/** It is NOW again, and nothing is pending: for tests that run many times. */
export const resetClock = (): void => {
  vi.clearAllTimers();
  vi.setSystemTime(NOW);
};

/**
 * Lets a fake clock run until the work is done.
 * @param isBusy whether something is in progress for which the clock stands still.
 */
export const settle = async <T>(work: Promise<T>, isBusy = (): boolean => false): Promise<T> => {
  let isSettled = false;
  const onSettled = () => {
    isSettled = true;
  };
  work.then(onSettled, onSettled);
  for (;;) {
    // What a timer has caused, such as the end of a stream, takes a few turns of the event loop.
    for (let turns = 0; turns < 3; turns = isBusy() ? 0 : turns + 1) await nextTurn();
    if (isSettled) return work;
    if (vi.getTimerCount() === 0) throw new Error('The work waits for nothing that could happen');
    vi.advanceTimersToNextTimer();
  }
};

export interface Timed<T> {
  readonly result: T;
  /** Milliseconds. */
  readonly elapsedMs: number;
}

/** Lets a fake clock run until the work is done, and measures it. */
export const time = async <T>(work: Promise<T>): Promise<Timed<T>> => {
  const startedAt = performance.now();
  const result = await settle(work);
  return { result, elapsedMs: performance.now() - startedAt };
};

/** Waits until so many timers run, while a fake clock stands still: for what a real server does. */
export const untilTimers = async (count: number): Promise<void> => {
  while (vi.getTimerCount() < count) await nextTurn();
};

export const passTime = async (ms: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));
