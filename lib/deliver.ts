/**
 * The policy of delivery: a few attempts within one deadline, none while the circuit is open. What could not be
 * delivered is buffered, and flushed after the next successful delivery. While a destination is stalled, no Login waits
 * for it: requests go on without.
 */
import type { Activity } from './activity.ts';
import { CircuitBreaker, isOutage } from './circuit-breaker.ts';
import { RejectedError, UnavailableError } from './errors.ts';
import { type Deadline, type Http, withDeadline } from './http.ts';
import { RetryBuffer } from './retry-buffer.ts';
import type { SecretDeclarations, SecretValues } from './secrets.ts';
import type { Settings } from './settings.ts';
import type { Activities, Sink } from './sink.ts';

export const RETRY_LIMIT = 2;
const RETRYABLE_STATUSES = [408, 425, 429, 500, 502, 503, 504];
const BACKOFF_MS = 100;
/** Flushing starts no further request after this time: too short to be noticed by a login. */
const FLUSH_BUDGET_MS = 100;
/** The least that one flushing request may take; more where the destination took longer for a single activity. */
const FLUSH_TIMEOUT_MS = 250;

/** A sink, and what a warm instance remembers of its destination. */
export class Destination<S extends SecretDeclarations = SecretDeclarations> {
  readonly sink: Sink<S>;
  breaker = new CircuitBreaker();
  /** For batches: a destination can accept single activities and no batch. */
  flushBreaker = new CircuitBreaker();
  buffer = new RetryBuffer();
  #configuration: object | undefined;

  constructor(sink: Sink<S>) {
    this.sink = sink;
  }

  /** What is buffered, or in flight, under other secrets is never sent with these, and their failures say nothing. */
  useConfiguration(secrets: object): void {
    if (this.#configuration !== secrets) {
      this.buffer.close();
      this.buffer = new RetryBuffer(this.buffer.counts);
      this.breaker = new CircuitBreaker();
      this.flushBreaker = new CircuitBreaker();
    }
    this.#configuration = secrets;
  }
}

/** What came of one delivery. */
export type Delivery = Delivered | Undelivered;

export interface Delivered extends Flush {
  readonly attempts: number;
  readonly elapsedMs: number;
  /** How many older activities had to be dropped from the retry buffer. */
  readonly dropped: number;
  /** Why the user's profile was not set. */
  readonly profileError?: unknown;
}

export interface Undelivered {
  readonly attempts: number;
  readonly elapsedMs: number;
  readonly dropped: number;
  readonly error: unknown;
  /** Whether the activity waits in the retry buffer. */
  readonly buffered: boolean;
}

interface Flush {
  /** How many buffered activities were delivered after it, or since the delivery before. */
  readonly flushed: number;
  readonly flushMs: number;
  /** Buffered activities that the destination rejected, which are lost. */
  readonly flushRejection?: { readonly error: unknown; readonly activities: readonly Activity[] };
}

/**
 * Delivers an activity while its login waits, and then what is buffered from earlier logins.
 * @param startedAt when the login began to wait, by `performance.now`.
 */
export const deliver = async <S extends SecretDeclarations>(
  destination: Destination<S>,
  activity: Activity,
  secrets: Settings & SecretValues<S>,
  startedAt = performance.now(),
): Promise<Delivery> => {
  destination.useConfiguration(secrets);
  const { sink, breaker, flushBreaker, buffer } = destination;
  const timeoutMs = secrets.DELIVERY_TIMEOUT_MS;
  // A login that is denied did not happen: nothing of it is buffered, and each one deserves an attempt.
  const canBuffer = secrets.ON_FAILURE === 'continue';
  const deliveryStartedAt = performance.now();
  let attempts = 0;
  const elapsedMs = () => Math.round(performance.now() - deliveryStartedAt);
  const toUndelivered = (error: unknown, buffered: boolean): Undelivered => ({
    attempts,
    elapsedMs: elapsedMs(),
    error,
    buffered,
    dropped: buffer.droppedSinceLastCall(),
  });
  const fail = (error: unknown): Undelivered => {
    const buffered = canBuffer && error instanceof UnavailableError && buffer.add(activity);
    return toUndelivered(error, buffered);
  };

  if (canBuffer && !breaker.allowRequest()) return fail(new CircuitOpenError());
  // It is on its way again, so it is not to be flushed as well.
  buffer.remove([activity]);
  const sending = withDeadline(
    timeoutMs,
    (deadline) =>
      retry(deadline, () => {
        attempts += 1;
        return send(sink, [activity], secrets, deadline.http);
      }),
    startedAt,
  );
  const profiles = startProfiles(sink, [activity], secrets, startedAt);
  const isStalled = (await breaker.watch(sending)) === 'stalled';
  // A SignUp waits: without its response, the user gets no flag, and would sign up again.
  if (isStalled && canBuffer && activity.type === 'Login' && buffer.hold(activity, sending))
    return toUndelivered(new StalledError(), true);
  try {
    await sending;
  } catch (error) {
    return fail(error);
  }

  const delivered = { attempts, elapsedMs: elapsedMs() };
  const remainingMs = startedAt + timeoutMs - performance.now();
  // Another request may well take as long. Where there is no time for it, a quicker login will have some.
  const hasTime = delivered.elapsedMs <= remainingMs;
  const limitMs = Math.min(remainingMs, Math.max(FLUSH_TIMEOUT_MS, 2 * delivered.elapsedMs));
  const [profileError, flushResult] = await Promise.all([
    getProfileError(profiles, limitMs),
    hasTime ? flush(sink, flushBreaker, buffer, secrets, limitMs) : { flushed: 0, flushMs: 0 },
  ]);
  return {
    ...delivered,
    ...profileError,
    ...flushResult,
    flushed: flushResult.flushed + buffer.deliveredSinceLastCall(),
    dropped: buffer.droppedSinceLastCall(),
  };
};

class CircuitOpenError extends UnavailableError {
  constructor() {
    super('circuit open after 3 consecutive failures', { code: 'CIRCUIT_OPEN' });
  }
}

class StalledError extends UnavailableError {
  constructor() {
    super('the destination does not respond', { code: 'STALLED' });
  }
}

/** Has a sink send activities, with the settings that concern every request. */
export const send = <S extends SecretDeclarations>(
  sink: Sink<S>,
  activities: Activities,
  secrets: Settings & SecretValues<S>,
  http: Http,
): Promise<void> => sink.send(activities, secrets, withSettings(secrets, http));

const withSettings = ({ TLS_CA_CERT }: Settings, http: Http): Http => {
  const ca = TLS_CA_CERT && { ca: TLS_CA_CERT };
  return (request) => http({ ...request, tls: { ...ca, ...request.tls } });
};

/** Has a sink set the profiles of activities' users, likewise. */
export const sendProfiles = async <S extends SecretDeclarations>(
  sink: Sink<S>,
  activities: Activities,
  secrets: Settings & SecretValues<S>,
  http: Http,
): Promise<void> => sink.sendProfiles?.(activities, secrets, withSettings(secrets, http));

/** Sets profiles while their activities are being sent. Undefined if the sink has none. */
const startProfiles = <S extends SecretDeclarations>(
  sink: Sink<S>,
  activities: Activities,
  secrets: Settings & SecretValues<S>,
  startedAt: number,
): Promise<void> | undefined => {
  if (!sink.sendProfiles) return undefined;
  const profiles = withDeadline(
    secrets.DELIVERY_TIMEOUT_MS,
    ({ http }) => sendProfiles(sink, activities, secrets, http),
    startedAt,
  );
  // Nobody waits for them if the activities are not accepted.
  profiles.catch(() => {});
  return profiles;
};

/** Why profiles were not set, or not in time. An activity that was accepted does not depend on it. */
const getProfileError = async (
  profiles: Promise<void> | undefined,
  limitMs: number,
): Promise<{ readonly profileError?: unknown }> => {
  if (!profiles) return {};
  try {
    await withDeadline(Math.max(0, Math.round(limitMs)), () => profiles);
    return {};
  } catch (profileError) {
    return { profileError };
  }
};

/** A POST may be repeated only because each activity carries its id. */
const retry = async (deadline: Deadline, attempt: () => Promise<void>): Promise<void> => {
  for (let retries = 0; ; retries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const delayMs = retryDelayMs(error, retries);
      if (delayMs === undefined || delayMs >= deadline.remainingMs()) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
};

/** Milliseconds; undefined if there is to be no other attempt. */
const retryDelayMs = (error: unknown, retries: number): number | undefined => {
  if (retries >= RETRY_LIMIT || !(error instanceof UnavailableError)) return undefined;
  if (error.status !== undefined && !RETRYABLE_STATUSES.includes(error.status)) return undefined;
  // The operator must act first.
  if (error.hint !== undefined) return undefined;
  // Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
  return error.retryAfterMs ?? Math.random() * BACKOFF_MS * 2 ** (retries + 1);
};

/** Sends what is buffered, in one request or in several quick ones, up to one that is not accepted as a whole. */
const flush = async <S extends SecretDeclarations>(
  sink: Sink<S>,
  flushBreaker: CircuitBreaker,
  buffer: RetryBuffer,
  secrets: Settings & SecretValues<S>,
  limitMs: number,
): Promise<Flush> => {
  const startedAt = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedAt);
  let flushed = 0;
  while (buffer.size > 0 && performance.now() - startedAt < FLUSH_BUDGET_MS && flushBreaker.allowRequest()) {
    const batch = buffer.takeBatch(sink.batchLimit);
    const profiles = startProfiles(sink, batch as Activities, secrets, startedAt);
    try {
      await withDeadline(limitMs, ({ http }) => send(sink, batch as Activities, secrets, http), startedAt);
      flushBreaker.recordSuccess();
      buffer.remove(batch);
      flushed += batch.length;
      await getProfileError(profiles, startedAt + limitMs - performance.now());
    } catch (error) {
      if (isOutage(error)) flushBreaker.recordFailure();
      else flushBreaker.recordSuccess();
      const rejected = getRejected(error, batch);
      buffer.remove(rejected);
      if (error instanceof RejectedError && error.rejected && error.othersAccepted) {
        buffer.remove(batch);
        flushed += batch.length - rejected.length;
      }
      // What is left is sent again in two halves: one activity can spoil a batch.
      buffer.bisect(batch);
      const isRejection = rejected.length > 0;
      return {
        flushed,
        flushMs: elapsedMs(),
        ...(isRejection && { flushRejection: { error, activities: rejected } }),
      };
    }
  }
  return { flushed, flushMs: elapsedMs() };
};

/** The part of a batch that is known to be rejected. */
const getRejected = (error: unknown, batch: readonly Activity[]): readonly Activity[] => {
  if (error instanceof UnavailableError) return [];
  if (error instanceof RejectedError && error.rejected) return error.rejected;
  return batch.length === 1 ? batch : [];
};
