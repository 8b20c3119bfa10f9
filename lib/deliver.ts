/**
 * The policy of delivery: a few attempts within one deadline, none while the destination is down; and what could not
 * be delivered goes along with a later success.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { InferOutput } from 'valibot';
import type { Activity } from './activity.ts';
import { RejectedError, UnavailableError } from './errors.ts';
import { Deadline } from './http.ts';
import { type Outage, outageOf } from './outage.ts';
import type { SecretsSchema, Settings } from './secrets.ts';
import type { Sink } from './sink.ts';

const RETRIES = 2;
const RETRIED_STATUSES = [408, 425, 429, 500, 502, 503, 504];
const BACKOFF_MS = 100;
/** What kept activities may cost a login that need several requests: too little to be noticed. */
const CATCH_UP_MS = 100;

/** What came of a delivery that succeeded. */
export interface Delivery {
  readonly durationMs: number;
  /** How many kept activities went along. */
  readonly along: number;
  /** Why kept activities were refused, which are lost. */
  readonly refusal?: { readonly error: unknown; readonly refused: readonly Activity[] };
}

/**
 * Delivers an activity while its login waits, and then, in one more request if it holds them all, what is kept from
 * earlier logins.
 * @param startedAt when the login began to wait, by `performance.now`.
 * @throws {DeliveryError} if the destination has not accepted it; its `fate` says what becomes of it.
 */
export const deliver = async <S extends SecretsSchema>(
  sink: Sink<S>,
  activity: Activity,
  secrets: Settings & InferOutput<S>,
  startedAt = performance.now(),
): Promise<Delivery> => {
  const outage = outageOf(sink.name);
  // A login that is refused did not happen: nothing of it is kept, and each one deserves an attempt.
  const keeps = secrets.ON_FAILURE === 'continue';
  if (keeps && !outage.mayTry()) {
    const error = new UnavailableError('left alone after failures in a row');
    error.fate = keep(outage, activity);
    throw error;
  }

  const start = performance.now();
  const deadline = new Deadline(secrets.DELIVERY_TIMEOUT_MS, startedAt);
  const send = (batch: readonly Activity[]) => deadline.race(sink.send(batch, secrets, deadline.http));
  // It is on its way again, so it is not to go along with another login, too.
  outage.forget(activity);
  try {
    await attempt(() => send([activity]), deadline);
    outage.ended();
    const durationMs = Math.round(performance.now() - start);
    // Another request may well take as long; where there is no time for it, a quicker login will have.
    if (durationMs > deadline.remainingMs()) return { durationMs, along: 0 };
    return { durationMs, ...(await sendKept(send, outage, sink.batchLimit)) };
  } catch (error) {
    if (error instanceof UnavailableError) {
      outage.failed();
      if (keeps) error.fate += keep(outage, activity);
    } else {
      outage.ended();
    }
    throw error;
  } finally {
    deadline.end();
  }
};

/** A POST may be repeated because each activity carries its id, and only for that. */
const attempt = async (send: () => Promise<void>, deadline: Deadline): Promise<void> => {
  const start = performance.now();
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await send();
    } catch (error) {
      const pauseMs = pauseBeforeRetry(error, attempts);
      if (pauseMs < deadline.remainingMs()) {
        await sleep(pauseMs);
        continue;
      }
      if (error instanceof UnavailableError && attempts > 1) {
        error.fate = `, after ${attempts} attempts in ${((performance.now() - start) / 1000).toFixed(1)} s`;
      }
      throw error;
    }
  }
};

/** Milliseconds; Infinity if there is to be no other attempt. */
const pauseBeforeRetry = (error: unknown, attempts: number): number => {
  if (attempts > RETRIES || !(error instanceof UnavailableError)) return Infinity;
  if (error.status !== undefined && !RETRIED_STATUSES.includes(error.status)) return Infinity;
  // Somebody must act first.
  if (error.advice !== undefined) return Infinity;
  // Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
  return error.retryAfterMs ?? Math.random() * BACKOFF_MS * 2 ** attempts;
};

const keep = (outage: Outage, activity: Activity): string => {
  outage.keep([activity]);
  const dropped = outage.countDropped();
  return dropped > 0 ? `; kept for later, ${dropped} older dropped` : '; kept for later';
};

/** In one request, or in several quick ones where it takes more, up to one that is not accepted as a whole. */
const sendKept = async (
  send: (batch: readonly Activity[]) => Promise<void>,
  outage: Outage,
  batchLimit = Infinity,
): Promise<Omit<Delivery, 'durationMs'>> => {
  const endsAt = performance.now() + CATCH_UP_MS;
  for (let along = 0; ; along += batchLimit) {
    const outcome = await sendBatch(send, outage, batchLimit);
    const isLast = outcome.along < batchLimit || performance.now() > endsAt;
    if (isLast) return { ...outcome, along: along + outcome.along };
  }
};

/** One request at most, whose failure is none of the login's: what is not accepted waits for another one. */
const sendBatch = async (
  send: (batch: readonly Activity[]) => Promise<void>,
  outage: Outage,
  batchLimit: number,
): Promise<Omit<Delivery, 'durationMs'>> => {
  const batch = outage.take(batchLimit);
  if (batch.length === 0) return { along: 0 };
  try {
    await send(batch);
    outage.ofKept.ended();
    outage.forget(...batch);
    return { along: batch.length };
  } catch (error) {
    if (error instanceof UnavailableError) outage.ofKept.failed();
    else outage.ofKept.ended();
    const refused = error instanceof RejectedError ? error.refused : undefined;
    if (!refused && (batch.length > 1 || error instanceof UnavailableError)) {
      outage.keepInParts(batch);
      return { along: 0 };
    }
    outage.forget(...batch);
    return { along: batch.length - (refused ?? batch).length, refusal: { error, refused: refused ?? batch } };
  }
};
