/** The outcomes that Actions publish while some work is done, other work running concurrently. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { OUTCOME_CHANNEL, type Outcome } from '../../lib/outcome.ts';

const collected = new AsyncLocalStorage<Outcome[]>();

// A subscriber runs in the asynchronous context of the Action that publishes.
subscribe(OUTCOME_CHANNEL, (outcome) => collected.getStore()?.push(outcome as Outcome));

export const collectOutcomes = async <T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly outcomes: readonly Outcome[] }> => {
  const outcomes: Outcome[] = [];
  const result = await collected.run(outcomes, work);
  return { result, outcomes };
};
