/** How far a backfill has come, in a file. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { readJsonObject, UsageError } from '../command.ts';

const number = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const Position = v.object({
  /** `log_id` of the last entry that is done with. */
  after: v.optional(v.string()),
  /** Its date: ISO 8601. */
  date: v.optional(v.string()),
  /** Logins and sign-ups in the span, odd entries included: as many as all of the following. */
  read: number,
  sent: v.object({ SignUp: number, Login: number }),
  refused: number,
  /** By reason. */
  skipped: v.record(v.string(), number),
  /** Of FirstLogins. */
  awaited: v.record(v.string(), number),
});

export type Position = v.InferOutput<typeof Position>;

export const START: Position = {
  read: 0,
  sent: { SignUp: 0, Login: 0 },
  refused: 0,
  skipped: {},
  awaited: {},
};

/** What decides which entries are read and where they are sent. */
export type Arguments = Readonly<Record<string, string>>;

const Content = v.object({
  arguments: v.record(v.string(), v.string()),
  until: v.string(),
  position: Position,
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
   * @throws {UsageError} if it is none of a backfill with these arguments.
   */
  read(): { until: Date; position: Position } | undefined {
    if (!existsSync(this.#file)) return undefined;
    const { success, output } = v.safeParse(Content, readJsonObject(this.#file));
    const way = 'Remove it to start anew, or name another with --checkpoint';
    if (!success) throw new UsageError(`${this.#file} is not a checkpoint. ${way}`);
    const names = Object.keys({ ...output.arguments, ...this.#arguments });
    const other = names.filter((name) => output.arguments[name] !== this.#arguments[name]);
    if (other.length > 0) {
      throw new UsageError(
        `${this.#file} is the checkpoint of a backfill with another ${other.join(', ')}. ${way}`,
      );
    }
    return { until: new Date(output.until), position: output.position };
  }

  /** At once or not at all, whatever happens meanwhile. */
  write(position: Position, until: Date): void {
    const content = { arguments: this.#arguments, until, position };
    const draft = `${this.#file}.tmp`;
    mkdirSync(path.dirname(draft), { recursive: true });
    writeFileSync(draft, JSON.stringify(content, null, 2), { mode: 0o600 });
    renameSync(draft, this.#file);
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }
}
