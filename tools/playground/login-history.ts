/** The latest logins, with what was observed of each Action. */
import type { ActionRun, Flow } from '../simulator/auth0/flow.ts';
import { DeliveryStatuses } from './delivery-status.ts';
import type { Observation } from './observed-action.ts';

const HISTORY_LIMIT = 400;

export interface RecordedLogin {
  /** Counts from 1. */
  readonly id: number;
  readonly flow: Flow;
  /** In the order of execution. */
  readonly runs: readonly RecordedRun[];
}

export interface RecordedRun extends Observation {
  readonly run: ActionRun;
}

export class LoginHistory {
  #logins: RecordedLogin[] = [];
  #count = 0;
  readonly statuses = new DeliveryStatuses();

  /** How many logins there were, including those that are no longer stored. */
  get count(): number {
    return this.#count;
  }

  /** Newest first. */
  get logins(): readonly RecordedLogin[] {
    return this.#logins;
  }

  find(id: number): RecordedLogin | undefined {
    return this.#logins.find((login) => login.id === id);
  }

  /** Returns the id of the login. */
  add(flow: Flow, observations: readonly Observation[]): number {
    this.#count += 1;
    const runs = flow.actions.flatMap((run, index) => {
      const observation = observations[index];
      return observation ? { ...observation, run } : [];
    });
    for (const { run, endedAt = Date.now() } of runs) {
      for (const outcome of run.outcomes) this.statuses.record(outcome, endedAt);
    }
    this.#logins = [{ id: this.#count, flow, runs }, ...this.#logins].slice(0, HISTORY_LIMIT);
    return this.#count;
  }
}
