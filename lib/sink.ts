import type { Activity } from './activity.ts';
import type { Http } from './http.ts';
import type { Problems, SecretDeclarations, SecretValues } from './secrets.ts';

/** At least one. */
export type Activities = readonly [Activity, ...Activity[]];

/** Delivers activities to one destination. It holds no policy: no retry, no timeout, no logging, no flags. */
export interface Sink<S extends SecretDeclarations = SecretDeclarations, P = unknown> {
  /** The name of its file, Action, log prefix and `signedUp` flag: `splunk`. */
  readonly name: string;

  /** The vendor and the API: `Splunk, HTTP Event Collector (HEC)`. */
  readonly title: string;

  /** The vendor's documentation that it follows. */
  readonly docs: readonly string[];

  /** Its configuration: checked before each delivery, and printed in the documentation. */
  readonly secrets: S;

  /** Finds what is wrong with a combination of secrets, each of which is well-formed. */
  check?(secrets: SecretValues<S>): Problems | undefined;

  /** How many activities the destination accepts in one request, and `send` gets, at most. Unlimited by default. */
  readonly batchLimit?: number;

  /** Why the destination is not to get an activity, as the secret that would change it: `ACME_LOGINS is not set`. */
  getSkipReason?(activity: Activity, secrets: SecretValues<S>): string | undefined;

  /** What is sent for an activity, before it becomes JSON. Pure. */
  toPayload(activity: Activity, secrets: SecretValues<S>, now: Date): P;

  /**
   * Delivers activities in as few requests as the destination allows. Resolves only when it has accepted them all.
   *
   * @throws {RejectedError} if it rejected one: repeating would not help.
   * @throws {UnavailableError} if it could not be reached or cannot accept them now.
   */
  send(activities: Activities, secrets: SecretValues<S>, http: Http): Promise<void>;

  /**
   * Sets the users' profiles, where that takes a request of its own. It is sent at the same time, and may be repeated. If
   * it fails, that is reported, and costs no activity.
   *
   * @throws {RejectedError | UnavailableError} as `send`.
   */
  sendProfiles?(activities: Activities, secrets: SecretValues<S>, http: Http): Promise<void>;
}

/** Declares a sink. Its payload and the values of its secrets are typed by what it declares. */
export const defineSink = <S extends SecretDeclarations, P>(sink: Sink<S, P>): Sink<S, P> => sink;
