/** A destination without a network, for the policy of delivery: its responses are functions. */
import type { Activity } from '../../lib/activity.ts';
import { type Delivery, Destination, deliver } from '../../lib/deliver.ts';
import { RejectedError, UnavailableError } from '../../lib/errors.ts';
import { parseSecrets } from '../../lib/settings.ts';

/** Decides about one request: it is accepted unless this throws. */
export type Respond = (batch: readonly Activity[]) => unknown;

export const accepts: Respond = () => {};

/** Retryable statuses are retried immediately, as `Retry-After: 0` asks. */
export const failsWith =
  (status: number, details: ConstructorParameters<typeof UnavailableError>[1] = {}): Respond =>
  () => {
    throw new UnavailableError(`${status}`, { status, retryAfterMs: 0, ...details });
  };

export const rejectsWith =
  (status: number, details: ConstructorParameters<typeof RejectedError>[1] = {}): Respond =>
  () => {
    throw new RejectedError(`${status}`, { status, ...details });
  };

export const hangs: Respond = () => new Promise(() => {});

/** A request that takes a while. */
export const takes =
  (ms: number, respond: Respond = accepts): Respond =>
  async (batch) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return respond(batch);
  };

/** Responds so to requests that hold one of these activities, and accepts all others. */
export const ifIncludes = (activities: readonly Activity[], respond: Respond): Respond => {
  const ids = new Set(activities.map(({ id }) => id));
  return (batch) => (batch.some(({ id }) => ids.has(id)) ? respond(batch) : undefined);
};

/** Responds so to requests with several activities, and accepts all others. */
export const ifBatch =
  (respond: Respond): Respond =>
  (batch) =>
    batch.length > 1 ? respond(batch) : undefined;

export class FakeDestination extends Destination {
  /** The batches of all requests. */
  readonly requests: Array<readonly Activity[]> = [];
  /** Ids, in the order of their acceptance. */
  readonly accepted: string[] = [];
  #respond: Respond = accepts;
  readonly #first: Respond[] = [];

  /** Accepts everything until it is given other responses. */
  constructor(batchLimit?: number) {
    super({
      name: 'fake',
      title: 'Fake',
      docs: [],
      secrets: {},
      ...(batchLimit !== undefined && { batchLimit }),
      toPayload: (activity) => activity,
      send: (activities) => this.#receive(activities),
    });
  }

  /** From now on, every request gets this response. */
  respond(respond: Respond): this {
    this.#respond = respond;
    return this;
  }

  /** The next requests get these responses, one each. */
  respondOnce(...responds: readonly Respond[]): this {
    this.#first.push(...responds);
    return this;
  }

  /** Delivers an activity, as a login does. */
  deliver(
    activity: Activity,
    secrets: Readonly<Record<string, string>> = {},
    startedAt?: number,
  ): Promise<Delivery> {
    return deliver(this, activity, parseSecrets(this.sink, secrets), startedAt);
  }

  async #receive(activities: readonly Activity[]): Promise<void> {
    this.requests.push([...activities]);
    await (this.#first.shift() ?? this.#respond)(activities);
    this.accepted.push(...activities.map(({ id }) => id));
  }
}
