/** From the tenant's log to a destination, batch by batch. */
import { type Activity, toLogin } from '../../../lib/activity.ts';
import { applyChoices } from '../../../lib/choices.ts';
import { getExclusion } from '../../../lib/exclusions.ts';
import type { LoginEvent } from '../../../lib/login-event.ts';
import { toRecorded } from '../../../lib/privacy.ts';
import type { Settings } from '../../../lib/settings.ts';
import { recordsSignUps } from '../../../lib/signed-up.ts';
import type { Sink } from '../../../lib/sink.ts';
import type { Position } from './checkpoint.ts';
import { getField, PendingSignUps, parseEntry, TYPES, toEvent } from './entries.ts';
import type { Rejection } from './sender.ts';
import type { Pages, RawEntry, TimeRange } from './sources.ts';

/** Reason for which an entry is skipped. */
export const MALFORMED = 'malformed entry';

export interface BackfillOptions {
  readonly sink: Sink;
  readonly secrets: Settings & Record<string, unknown>;
  /** `event.tenant.id` of the Action. */
  readonly tenant: string;
  /** Entries after `position`. */
  readonly pages: Pages;
  /** Entries outside of it, and of other types, are ignored. By default all are to be sent. */
  readonly range?: TimeRange | undefined;
  readonly position: Position;
  /** client_ids of applications whose logins are skipped. None by default. */
  readonly excludedClients?: readonly string[];
  /** True records the first login of a sign-up as a Login of its own. False by default. */
  readonly includeFirstLogins?: boolean;
  readonly batchSize: number;
  /** Gets activities with privacy applied. */
  readonly sender: { send(batch: readonly Activity[]): Promise<readonly Rejection[]> };
  readonly listener?: BackfillListener;
}

export interface BackfillListener {
  /** Must store the entries: they count as done afterwards. */
  onRejected?(rejected: ReadonlyArray<{ readonly entry: unknown; readonly reason: string }>): void;
  /** Must store the entry: it counts as done afterwards. */
  onMalformed?(entry: unknown, field: string): void;
  /** From here on the backfill can be resumed. */
  onPosition?(position: Position): void;
}

export class BackfillRun {
  readonly #options: BackfillOptions;
  readonly #pendingSignUps: PendingSignUps;
  readonly #position: Position;
  /** Activity → the entry it was made of. */
  readonly #batch = new Map<Activity, unknown>();

  constructor(options: BackfillOptions) {
    this.#options = options;
    this.#pendingSignUps = new PendingSignUps(options.position.pendingSignUps);
    this.#position = structuredClone(options.position);
  }

  get position(): Position {
    return structuredClone({ ...this.#position, pendingSignUps: this.#pendingSignUps.toRecord() });
  }

  /**
   * Resolves with whether it has reached the end.
   * @param signal stops it after the current batch.
   */
  async run(signal?: AbortSignal): Promise<boolean> {
    for await (const page of this.#options.pages) {
      for (const entry of page) {
        this.#read(entry);
        if (this.#batch.size >= this.#options.batchSize) await this.#sendBatch();
        if (signal?.aborted) {
          await this.#sendBatch();
          return false;
        }
      }
      if (this.#batch.size === 0) this.#reportPosition();
    }
    await this.#sendBatch();
    return true;
  }

  #read({ raw, cursor }: RawEntry): void {
    if (this.#isRelevant(raw)) this.#readRelevant(raw);
    this.#position.after = cursor ?? this.#position.after;
    this.#position.date = getDate(raw)?.toISOString() ?? this.#position.date;
  }

  /** A malformed entry is relevant, since it may be a login. */
  #isRelevant(raw: unknown): boolean {
    const { range } = this.#options;
    if (!range) return true;
    const type = getField(raw, 'type');
    if (type !== undefined && !TYPES.some((relevant) => relevant === type)) return false;
    const date = getDate(raw);
    return !date || (date >= range.since && date < range.until);
  }

  #readRelevant(raw: unknown): void {
    const { tenant, secrets, listener } = this.#options;
    this.#position.read += 1;
    const parsed = parseEntry(raw);
    if ('malformed' in parsed) {
      listener?.onMalformed?.(raw, parsed.malformed);
      this.#skip(MALFORMED);
      return;
    }
    const event = toEvent(parsed.entry, tenant);
    const login = toLogin(event, parsed.entry.date);
    const type = parsed.entry.type === 'ss' ? 'SignUp' : 'Login';
    const recorded = toRecorded(choose(login, event, secrets), type, secrets);
    const reason = this.#getSkipReason(login, event, recorded);
    if (reason === undefined) this.#batch.set(recorded, raw);
    else this.#skip(reason);
  }

  #getSkipReason(login: Activity, event: LoginEvent, recorded: Activity): string | undefined {
    const { sink, secrets, excludedClients = [], includeFirstLogins = false } = this.#options;
    const { type } = recorded;
    // To the Action, the sign-up is then no more than the login that follows it.
    if (type === 'SignUp' && !recordsSignUps(secrets)) return 'no SignUps are recorded';
    // Before the others, because it must see every sign-up and every login.
    const isFirstLogin = !includeFirstLogins && this.#pendingSignUps.isFirstLogin(login, type);
    const { id } = login.application;
    if (id !== undefined && excludedClients.includes(id)) return 'application excluded';
    if (isFirstLogin) return 'first login of a sign-up';
    const exclusion = getExclusion(login, event, secrets.EXCLUDE);
    if (exclusion) return exclusion;
    if (!secrets.EVENTS.includes(type)) return `EVENTS does not include ${type}`;
    return sink.getSkipReason?.(recorded, secrets);
  }

  #skip(reason: string): void {
    this.#position.skipped[reason] = (this.#position.skipped[reason] ?? 0) + 1;
  }

  async #sendBatch(): Promise<void> {
    if (this.#batch.size > 0) {
      const rejections = await this.#options.sender.send([...this.#batch.keys()]);
      this.#handleRejections(rejections);
      for (const { type } of this.#batch.keys()) this.#position.sent[type] += 1;
      this.#batch.clear();
    }
    this.#reportPosition();
  }

  #handleRejections(rejections: readonly Rejection[]): void {
    if (rejections.length === 0) return;
    const rejected = rejections.map(({ activity, reason }) => ({ entry: this.#batch.get(activity), reason }));
    this.#options.listener?.onRejected?.(rejected);
    for (const { activity } of rejections) this.#batch.delete(activity);
    this.#position.rejected += rejections.length;
  }

  #reportPosition(): void {
    this.#options.listener?.onPosition?.(this.position);
  }
}

/** As the Action does. The log has no display name, and its other name would replace that of the group. */
const choose = (login: Activity, event: LoginEvent, settings: Settings): Activity => {
  const chosen = applyChoices(login, event, settings, {}, () => {});
  return { ...chosen, group: chosen.group && { id: chosen.group.id } };
};

const getDate = (raw: unknown): Date | undefined => {
  const date = new Date(getField(raw, 'date') ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
};
