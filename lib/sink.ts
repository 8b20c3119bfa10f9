import type * as v from 'valibot';
import type { Activity } from './activity.ts';
import type { Http } from './http.ts';
import type { SecretsSchema } from './secrets.ts';

/** Delivers activities to one destination. It holds no policy: no retry, no time-out, no logging, no marks. */
export interface Sink<S extends SecretsSchema = SecretsSchema> {
  /** The name of its file, Action, log prefix and mark: `splunk`. */
  readonly name: string;

  /** What it needs to know: checked before each delivery, and printed in the README. */
  readonly secrets: S;

  /** How many activities the destination takes in one request, and `send` gets, at most. Without it, all there are. */
  readonly batchLimit?: number;

  /**
   * Delivers one or more activities in as few requests as the destination allows. Resolves only when it has
   * accepted them all.
   *
   * @throws {RejectedError} if it refused one: repeating would not help.
   * @throws {UnavailableError} if it could not be reached or cannot take them now.
   */
  send(activities: readonly Activity[], secrets: v.InferOutput<S>, http: Http): Promise<void>;

  /** False for what the destination does not take. Without it, it takes everything. */
  records?(activity: Activity, secrets: v.InferOutput<S>): boolean;
}
