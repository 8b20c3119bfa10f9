import { afterAll, beforeAll, vi } from 'vitest';

const STEP_MS = 5;

/**
 * For a file of tests with real sockets: time advances a step in a turn of the event loop at most. What keeps the process
 * or the machine busy does not count, so a deadline ends only what really waits. Backoff, which has full jitter, is short.
 */
export const useSteadyClock = (): void => {
  beforeAll(() => {
    vi.useFakeTimers({
      toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'],
      shouldAdvanceTime: true,
      advanceTimeDelta: STEP_MS,
    });
    vi.spyOn(Math, 'random').mockReturnValue(0);
  });
  afterAll(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
};
