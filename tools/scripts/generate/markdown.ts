/** Markdown with blocks that the generator fills in, between `<!-- generated: name -->` and `<!-- /generated -->`. */

/** Name → what computes the content of the block. */
export type Blocks = Readonly<Record<string, () => string>>;

/** A block by its name; undefined if there is none of that name. */
export type GetBlock = (name: string) => string | undefined;

const BLOCK = /(<!-- generated: (\S+) -->)(\n?).*?(<!-- \/generated -->)/gs;

/** The document with its blocks as they should be. A block on its own lines stays on its own lines. */
export const fillBlocks = (document: string, getBlock: GetBlock): string =>
  document.replace(BLOCK, (_, start: string, name: string, lineBreak: string, end: string) => {
    const content = getBlock(name);
    if (content === undefined) throw new Error(`There is no generated block named ${name}`);
    return lineBreak === '' ? `${start}${content}${end}` : `${start}\n\n${content}\n\n${end}`;
  });

/** A `|` in a cell is escaped; the cells are Markdown otherwise. */
export const table = (heading: readonly string[], rows: ReadonlyArray<readonly string[]>): string =>
  [heading, heading.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

export const codeBlock = (language: string, code: string): string =>
  `\`\`\`${language}\n${code.trimEnd()}\n\`\`\``;

export const code = (text: string): string => `\`${text}\``;

/** `a, b and c`. */
export const list = (items: readonly string[], conjunction = 'and'): string =>
  items.length < 2
    ? items.join('')
    : `${items.slice(0, -1).join(', ')} ${conjunction} ${items[items.length - 1]}`;
