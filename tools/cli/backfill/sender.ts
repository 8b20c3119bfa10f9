import type { Activity } from '../../../lib/activity.ts';
import { send, sendProfiles } from '../../../lib/deliver.ts';
import { RejectedError, UnavailableError } from '../../../lib/errors.ts';
import { withDeadline } from '../../../lib/http.ts';
import type { Settings } from '../../../lib/settings.ts';
import type { Activities, Sink } from '../../../lib/sink.ts';
import type { Retrier } from './retrier.ts';

/** No login waits for it. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Of credentials and URLs, which all requests have in common. */
const COMMON_REJECTION_STATUSES = [401, 403, 404];

export interface Rejection {
  readonly activity: Activity;
  readonly reason: string;
}

/** Sends batches through a sink, at a limited rate. */
export class Sender {
  readonly #sink: Sink;
  readonly #secrets: Settings & Record<string, unknown>;
  readonly #perSecond: number;
  readonly #retrier: Retrier;
  #nextStartAt = 0;

  constructor(sink: Sink, secrets: Settings & Record<string, unknown>, perSecond: number, retrier: Retrier) {
    this.#sink = sink;
    this.#secrets = secrets;
    this.#perSecond = perSecond;
    this.#retrier = retrier;
  }

  /**
   * Resolves with what the destination rejected; it has accepted all the others.
   * @throws {UnavailableError} if it cannot be reached after some minutes of retries.
   * @throws {RejectedError} if it would reject everything else as well.
   */
  async send(batch: readonly Activity[]): Promise<readonly Rejection[]> {
    const [first, ...others] = batch;
    if (!first) return [];
    if (batch.length > (this.#sink.batchLimit ?? Infinity)) return this.#sendHalves(batch);
    try {
      await this.#retrier.run(() => this.#request([first, ...others]), isTemporary);
      return [];
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      if (error.rejected) return this.#sendOthers(batch, error.rejected, error);
      if (isCommonRejection(error)) throw error;
      if (others.length === 0) return [{ activity: first, reason: error.message }];
    }
    // One of them may be the cause: halves isolate it. What the destination accepted before it rejected the rest is
    // sent again, with the same id.
    return this.#sendHalves(batch);
  }

  async #sendHalves(batch: readonly Activity[]): Promise<readonly Rejection[]> {
    const middle = Math.ceil(batch.length / 2);
    return [...(await this.send(batch.slice(0, middle))), ...(await this.send(batch.slice(middle)))];
  }

  async #sendOthers(
    batch: readonly Activity[],
    rejected: readonly Activity[],
    { message: reason, othersAccepted }: RejectedError,
  ): Promise<readonly Rejection[]> {
    const rejections = rejected.map((activity) => ({ activity, reason }));
    if (othersAccepted) return rejections;
    return [...rejections, ...(await this.send(batch.filter((activity) => !rejected.includes(activity))))];
  }

  async #request(batch: Activities): Promise<void> {
    await this.#waitForTurn(batch.length);
    await withDeadline(REQUEST_TIMEOUT_MS, async ({ http }) => {
      await send(this.#sink, batch, this.#secrets, http);
      // If they fail, the batch is sent again: with the same ids, so that nothing is counted twice.
      await sendProfiles(this.#sink, batch, this.#secrets, http);
    });
  }

  /** Retries count as well: the rate protects the destination. */
  async #waitForTurn(count: number): Promise<void> {
    const now = performance.now();
    const startAt = Math.max(now, this.#nextStartAt);
    this.#nextStartAt = startAt + (count / this.#perSecond) * 1000;
    if (startAt > now) await this.#retrier.wait(startAt - now);
  }
}

/** Where the operator must act first, waiting does not help. */
const isTemporary = (error: unknown): boolean =>
  error instanceof UnavailableError && error.hint === undefined;

/** Whether the destination would reject everything else as well, a redirect or the page of a proxy for example. */
const isCommonRejection = ({ status }: RejectedError): boolean =>
  status !== undefined && (status < 400 || COMMON_REJECTION_STATUSES.includes(status));
