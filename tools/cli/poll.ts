import { setTimeout as sleep } from 'node:timers/promises';

/** Of a deployment: usually 60 to 150 ms, more under load. */
export const DEPLOYMENT_TIMEOUT_MS = 30_000;

const INTERVAL_MS = 200;

/** Repeats a question until the answer is accepted. Resolves with the last answer, accepted or not. */
export const poll = async <T>(
  question: () => Promise<T>,
  isAccepted: (answer: T) => boolean,
  timeoutMs: number,
): Promise<T> => {
  const startedAt = performance.now();
  for (;;) {
    const answer = await question();
    if (isAccepted(answer) || performance.now() - startedAt >= timeoutMs) return answer;
    await sleep(INTERVAL_MS);
  }
};
