/** Time that passes only while nothing else happens: hours of retries and timeouts take milliseconds. */
import { afterEach, beforeEach, vi } from 'vitest';

const START = new Date('2026-01-31T12:00:00.123Z');

/** Far more turns of the event loop than any work takes between two timers. */
const TURN_LIMIT = 100_000;

/** In each test of the file. */
export const useVirtualTime = (): void => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
      now: START,
    });
  });
  afterEach(() => void vi.useRealTimers());
};

/** It is the start again, and nothing is pending. */
export const resetTime = (): void => {
  vi.clearAllTimers();
  vi.setSystemTime(START);
};

export const passTime = (ms: number): void => void vi.advanceTimersByTime(ms);

/**
 * Waits for work, in virtual time.
 * @param isBusy whether something is in progress that takes no time: the clock stops meanwhile.
 * @throws if the work waits for nothing that could still happen.
 */
export const complete = async <T>(work: Promise<T>, isBusy = () => false): Promise<T> => {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  work.then(settle, settle);
  for (;;) {
    await quiet(() => isSettled || !isBusy());
    if (isSettled) return work;
    if (vi.getTimerCount() === 0) throw new Error('the work would never complete');
    vi.advanceTimersToNextTimer();
  }
};

const quiet = async (isQuiet: () => boolean): Promise<void> => {
  let quietTurns = 0;
  for (let turns = 0; quietTurns < 2; turns += 1) {
    if (turns > TURN_LIMIT) throw new Error('the work never comes to rest');
    await new Promise((resolve) => setImmediate(resolve));
    quietTurns = isQuiet() ? quietTurns + 1 : 0;
  }
};
