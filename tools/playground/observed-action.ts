/** Actions whose every execution is observed: what an Action received and sent. Its outcomes are part of the flow. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Event } from '@auth0/actions/post-login/v3';
import type { Sink } from '../../lib/sink.ts';
import type { LoadedAction } from '../simulator/auth0/runtime.ts';
import { getCredentials } from '../simulator/redact-secrets.ts';
import { captureExchanges, type Exchange } from './exchanges.ts';
import type { Network } from './network-faults.ts';

/** One execution of an Action. */
export interface Observation {
  readonly event: Event;
  readonly exchanges: readonly Exchange[];
  /** To be masked wherever the rest is shown. */
  readonly credentials: readonly string[];
  /** Milliseconds since 1970; undefined while it runs. */
  endedAt?: number;
}

const observed = new AsyncLocalStorage<Observation[]>();

/** The same Action, for `observeExecutions`. */
export const toObserved = (action: LoadedAction, sinks: readonly Sink[], network: Network): LoadedAction => ({
  execute(event, api) {
    const exchanges: Exchange[] = [];
    const credentials = getCredentials(sinks, event.secrets);
    const observation: Observation = { event: structuredClone(event), exchanges, credentials };
    observed.getStore()?.push(observation);
    return captureExchanges(exchanges, () => action.execute(event, api), network).finally(() => {
      observation.endedAt = Date.now();
    });
  },
});

/** The observations of `work`, in the order in which the Actions started. */
export const observeExecutions = async <T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly observations: readonly Observation[] }> => {
  const observations: Observation[] = [];
  const result = await observed.run(observations, work);
  return { result, observations };
};
