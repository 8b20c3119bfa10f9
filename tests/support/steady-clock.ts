import { vi } from 'vitest';

const STEP_MS = 5;

/**
 * Replaces time by one that advances a step in a turn of the event loop at most. What keeps the process or the machine
 * busy does not count, so a deadline ends only what really waits. Sockets stay as they are.
 */
export const startSteadyClock = (): void => {
  vi.useFakeTimers({
    toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'],
    shouldAdvanceTime: true,
    advanceTimeDelta: STEP_MS,
  });
};

export const stopSteadyClock = (): void => {
  vi.useRealTimers();
};
