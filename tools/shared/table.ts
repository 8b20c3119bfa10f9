import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colors for a terminal; plain text for a pipe, or where the reader has asked for it (https://no-color.org). */
export const paint = (style: Style, text: string): string =>
  styleText(style, text, { stream: process.stdout });

/** Lines of a table with aligned columns. Cells are painted after they are padded, so that colors take no width. */
export const table = (
  rows: ReadonlyArray<readonly string[]>,
  style: (cell: string) => Style | undefined = () => undefined,
): string => {
  const widths = rows.reduce<number[]>(
    (max, row) => row.map((cell, index) => Math.max(cell.length, max[index] ?? 0)),
    [],
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => {
        const padded = index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0);
        const chosen = style(cell);
        return chosen ? paint(chosen, padded) : padded;
      })
      .join('   ');
  return rows.map(line).join('\n');
};
