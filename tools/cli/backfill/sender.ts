import type { Activity } from '../../../lib/activity.ts';
import { RejectedError, UnavailableError } from '../../../lib/errors.ts';
import { Deadline } from '../../../lib/http.ts';
import type { Settings } from '../../../lib/secrets.ts';
import type { Sink } from '../../../lib/sink.ts';
import type { Retrier } from './retrier.ts';

/** No login waits for it. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Of credentials and addresses, which everything that is sent has in common. */
const STATUSES_THAT_REFUSE_EVERYTHING = [401, 403, 404];

export interface Refusal {
  readonly activity: Activity;
  readonly reason: string;
}

/** Sends batches through a sink, so many activities a second. */
export class Sender {
  readonly #sink: Sink;
  readonly #secrets: Settings & Record<string, unknown>;
  readonly #perSecond: number;
  readonly #patience: Retrier;
  #mayStartAt = 0;

  constructor(sink: Sink, secrets: Settings & Record<string, unknown>, perSecond: number, patience: Retrier) {
    this.#sink = sink;
    this.#secrets = secrets;
    this.#perSecond = perSecond;
    this.#patience = patience;
  }

  /**
   * Resolves with what the destination refused; it has all the others.
   * @throws {UnavailableError} if it cannot be reached after some minutes of trying.
   * @throws {RejectedError} if it would refuse everything else, too.
   */
  async send(batch: readonly Activity[]): Promise<readonly Refusal[]> {
    if (batch.length > (this.#sink.batchLimit ?? Infinity)) return this.#sendHalves(batch);
    try {
      await this.#patience.with(() => this.#request(batch), isTemporary);
      return [];
    } catch (error) {
      if (!(error instanceof RejectedError) || refusesEverything(error)) throw error;
      const reason = error.message;
      if (error.refused) return error.refused.map((activity) => ({ activity, reason }));
      const [first, second] = batch;
      if (first && !second) return [{ activity: first, reason }];
    }
    // It was refused for one of them, perhaps: halves tell which. What a destination took before it refused the rest is
    // repeated, with the same id.
    return this.#sendHalves(batch);
  }

  async #sendHalves(batch: readonly Activity[]): Promise<readonly Refusal[]> {
    const middle = Math.ceil(batch.length / 2);
    return [...(await this.send(batch.slice(0, middle))), ...(await this.send(batch.slice(middle)))];
  }

  async #request(batch: readonly Activity[]): Promise<void> {
    await this.#takeTurn(batch.length);
    const deadline = new Deadline(REQUEST_TIMEOUT_MS);
    try {
      await deadline.race(this.#sink.send(batch, this.#secrets, deadline.http));
    } finally {
      deadline.end();
    }
  }

  /** Attempts count, too: it is the destination that the rate spares. */
  async #takeTurn(count: number): Promise<void> {
    const now = performance.now();
    const startAt = Math.max(now, this.#mayStartAt);
    this.#mayStartAt = startAt + (count / this.#perSecond) * 1000;
    if (startAt > now) await this.#patience.pause(startAt - now);
  }
}

/** Where somebody must act first, waiting does not help. */
const isTemporary = (error: unknown): boolean =>
  error instanceof UnavailableError && error.advice === undefined;

const refusesEverything = ({ status = 0 }: RejectedError): boolean =>
  STATUSES_THAT_REFUSE_EVERYTHING.includes(status) || (status >= 300 && status < 400);
