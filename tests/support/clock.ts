import { afterEach, beforeEach, vi } from 'vitest';

export const NOW = new Date('2026-01-31T12:00:00.123Z');

/** In each test of the file it is NOW until the test moves the clock. Timers are real. */
export const useFixedClock = (): void => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW }));
  afterEach(() => void vi.useRealTimers());
};
