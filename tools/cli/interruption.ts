/** By the convention of shells: 128 and the number of SIGINT. */
export const INTERRUPTED_EXIT_CODE = 130;

/** Whether the operator ended a question with Ctrl+C or Ctrl+D. The prompts library has these names for it. */
export const isInterruption = (error: unknown): boolean =>
  error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name);
