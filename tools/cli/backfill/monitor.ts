import { DeliveryError } from '../../../lib/errors.ts';
import type { Sink } from '../../../lib/sink.ts';
import { Progress as ProgressBar } from '../../shared/progress.ts';
import type { Context } from '../context.ts';
import { FileError } from '../file-error.ts';
import { explainTenantError } from '../tenant-error.ts';
import type { BackfillListener } from './backfill-run.ts';
import type { Checkpoint, Position, Progress } from './checkpoint.ts';
import { getField } from './entries.ts';
import { appendPrivately } from './private-files.ts';
import type { TimeRange } from './sources.ts';

interface MonitorOptions {
  readonly context: Context;
  readonly sink: Sink;
  readonly range: TimeRange | undefined;
  readonly start: Progress;
  readonly rejectedFile: string;
  /** Absent in a dry run. */
  readonly checkpoint?: Checkpoint;
}

/** Shows how far a backfill has come, and stores what must not be lost. */
export class Monitor implements BackfillListener {
  readonly #options: MonitorOptions;
  readonly #bar: ProgressBar;
  readonly #from: Date | string | undefined;
  #position: Position;

  constructor(options: MonitorOptions) {
    const { context, range, start } = options;
    this.#options = options;
    this.#position = start.position;
    this.#from = start.position.date ?? range?.since;
    // In seconds of the log, because the number of entries is unknown.
    const total = getSeconds(start.until) - getSeconds(this.#from);
    this.#bar = new ProgressBar(Math.round(total), 's of the log', context.io.stderr);
  }

  get position(): Position {
    return this.#position;
  }

  end(): void {
    this.#bar.end();
  }

  readonly onRetry = (error: unknown, delayMs: number): void => {
    const failure = explainFailure(error, this.#options.sink) ?? error;
    this.#print(`${failure}. Retrying in ${Math.ceil(delayMs / 1000)} s`);
  };

  onRejected(rejected: ReadonlyArray<{ readonly entry: unknown; readonly reason: string }>): void {
    for (const { entry, reason } of rejected) {
      this.#print(`Rejected: ${Reflect.get(Object(entry), 'log_id')}, ${reason}`);
    }
    this.#store(rejected.map(({ entry }) => entry));
  }

  onMalformed(entry: unknown, field: string): void {
    this.#print(`Malformed entry ${getField(entry, 'log_id') ?? 'without a log_id'}: ${field}`);
    this.#store([entry]);
  }

  onPosition(position: Position): void {
    const { checkpoint, range, start } = this.#options;
    this.#position = position;
    checkpoint?.write({ until: start.until, position });
    const done = getSeconds(position.date ?? this.#from) - getSeconds(this.#from);
    if (range) this.#bar.update(Math.max(0, Math.round(done)));
  }

  #store(entries: readonly unknown[]): void {
    if (!this.#options.checkpoint) return;
    appendPrivately(this.#options.rejectedFile, entries.map((entry) => `${toLine(entry)}\n`).join(''));
  }

  #print(line: string): void {
    this.#bar.end();
    this.#options.context.printError(line);
  }
}

/** A line of a file that is not JSON stays as it is, to be corrected by hand. */
const toLine = (entry: unknown): string =>
  typeof entry === 'string' && !entry.includes('\n') ? entry : JSON.stringify(entry);

/** In one line; undefined for an internal error. */
export const explainFailure = (error: unknown, sink: Sink): string | undefined => {
  if (error instanceof FileError) return error.message;
  if (!(error instanceof DeliveryError)) return explainTenantError(error);
  return [`${sink.name}: ${error.message}`, ...(error.hint ? [error.hint] : [])].join('; ');
};

const getSeconds = (date: Date | string | undefined): number =>
  date === undefined ? 0 : new Date(date).getTime() / 1000;
