/** Steps that change the tenant, one after the other. Ctrl+C stops between two of them, never within one. */

export interface Step {
  /** What is the case when it is done: `the Action is deployed`. */
  readonly done: string;
  run(): Promise<void>;
}

/** The operator has pressed Ctrl+C, or a step has failed with the cause. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  readonly done: readonly string[];
  readonly remaining: readonly string[];

  constructor(done: readonly string[], remaining: readonly string[], cause: unknown) {
    super('stopped', { cause });
    this.done = done;
    this.remaining = remaining;
  }

  /** Whether nothing went wrong but that the operator had enough. */
  get isInterruption(): boolean {
    return this.cause === undefined;
  }
}

/** @throws {StoppedError} */
export const runSteps = async (steps: readonly Step[]): Promise<readonly string[]> => {
  let isInterrupted = false;
  const onInterrupt = () => {
    isInterrupted = true;
  };
  process.on('SIGINT', onInterrupt);
  const toNames = (some: readonly Step[]) => some.map(({ done }) => done);
  try {
    for (const [index, step] of steps.entries()) {
      const stop = (cause: unknown) =>
        new StoppedError(toNames(steps.slice(0, index)), toNames(steps.slice(index)), cause);
      if (isInterrupted) throw stop(undefined);
      await step.run().catch((error) => {
        // Ctrl+C ends the Deploy CLI as well, which then reports a failure.
        throw stop(isInterrupted ? undefined : error);
      });
    }
    return toNames(steps);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
};
