/** How far a backfill has come, in a file. */
import { existsSync } from 'node:fs';
import * as v from 'valibot';
import { readJsonObject } from '../../shared/json-file.ts';
import { UsageError } from '../../shared/usage-error.ts';
import { lock } from './lock.ts';
import { ensureParent, protectFile, replacePrivately } from './private-files.ts';

const number = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const Position = v.object({
  /** Cursor of the last entry that is done. */
  after: v.optional(v.string()),
  /** Its date: ISO 8601. */
  date: v.optional(v.string()),
  /** Logins and sign-ups in the time range, malformed entries included: the sum of all of the following. */
  read: number,
  sent: v.object({ SignUp: number, Login: number }),
  rejected: number,
  /** By reason. */
  skipped: v.record(v.string(), number),
  /** Of PendingSignUps. */
  pendingSignUps: v.record(v.string(), number),
});

export type Position = v.InferOutput<typeof Position>;

export const START: Position = {
  read: 0,
  sent: { SignUp: 0, Login: 0 },
  rejected: 0,
  skipped: {},
  pendingSignUps: {},
};

/** What decides which entries are read and where they are sent. */
export type Arguments = Readonly<Record<string, string>>;

export interface Progress {
  /** "Now" stays what it was when the backfill began. */
  readonly until: Date;
  readonly position: Position;
  /** When the backfill reached its end. Absent until then. */
  readonly completedAt?: Date;
}

const Content = v.object({
  arguments: v.record(v.string(), v.string()),
  until: v.string(),
  position: Position,
  completedAt: v.optional(v.string()),
});

export class Checkpoint {
  readonly #file: string;
  readonly #arguments: Arguments;

  constructor(file: string, args: Arguments) {
    this.#file = file;
    this.#arguments = args;
  }

  /**
   * Undefined if there is none.
   * @throws {UsageError} if it belongs to an unfinished backfill with other arguments.
   */
  read(): Progress | undefined {
    if (!existsSync(this.#file)) return undefined;
    protectFile(this.#file);
    const { success, output } = v.safeParse(Content, readJsonObject(this.#file));
    const remedy = 'delete it to start over, or name another file with --checkpoint';
    if (!success) throw new UsageError(`${this.#file} is not a checkpoint: ${remedy}`);
    const names = Object.keys({ ...output.arguments, ...this.#arguments });
    const different = names.filter((name) => output.arguments[name] !== this.#arguments[name]);
    const { completedAt } = output;
    if (different.length > 0 && completedAt !== undefined) return undefined;
    if (different.length > 0) {
      throw new UsageError(
        `${this.#file} is the checkpoint of a backfill with another ${different.join(', ')}: ${remedy}`,
      );
    }
    return {
      until: new Date(output.until),
      position: output.position,
      ...(completedAt !== undefined && { completedAt: new Date(completedAt) }),
    };
  }

  /**
   * Keeps other processes from it, and others from reading it. Returns what releases it.
   * @throws {UsageError} if another process uses it.
   */
  lock(): () => void {
    ensureParent(this.#file);
    const release = lock(this.#file);
    try {
      protectFile(this.#file);
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  write(progress: Progress): void {
    const content = { arguments: this.#arguments, ...progress };
    replacePrivately(this.#file, JSON.stringify(content, null, 2));
  }
}
