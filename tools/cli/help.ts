import type { AddHelpTextContext } from '@commander-js/extra-typings';

const DEFAULT_WIDTH_CHARS = 80;

/** Paragraphs that follow the options, as wide as the terminal. */
export const toHelpText =
  (...paragraphs: readonly string[]) =>
  ({ command }: AddHelpTextContext): string => {
    const width = command.configureOutput().getOutHelpWidth?.() ?? DEFAULT_WIDTH_CHARS;
    const help = command.createHelp();
    return paragraphs.map((paragraph) => `\n${help.boxWrap(paragraph, width)}`).join('\n');
  };
