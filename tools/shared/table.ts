import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours for a terminal; plain text for a pipe, or where the reader has asked for it (https://no-color.org). */
export const paint = (style: Style, text: string): string =>
  process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;

/** Lines of a table with aligned columns. Cells are painted after they are padded, so colours do not count. */
export const table = (
  rows: ReadonlyArray<readonly string[]>,
  style: (cell: string) => Style | undefined = () => undefined,
): string => {
  const widths = rows.reduce<number[]>(
    (max, row) => row.map((cell, i) => Math.max(cell.length, max[i] ?? 0)),
    [],
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => {
        const padded = i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0);
        const chosen = style(cell);
        return chosen ? paint(chosen, padded) : padded;
      })
      .join('   ');
  return rows.map(line).join('\n');
};
