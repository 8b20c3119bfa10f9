/** Where an event is seen at a vendor, and a query to paste: two sections of the page of each destination. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isClone, ROOT } from '../../shared/manifest.ts';

/** In a clone they are in docs/; a compiled command line has them next to itself. */
const PAGES = isClone ? path.join(ROOT, 'docs/destinations') : path.join(import.meta.dirname, 'destinations');

const SECTIONS = ['See the event', 'Query'];

/** The text of the sections, without what only a browser shows. */
export const readSearch = (destination: string): string => {
  const page = readFileSync(path.join(PAGES, `${destination}.md`), 'utf8');
  const sections = page
    .split(/^## /m)
    .filter((section) => SECTIONS.some((title) => section.startsWith(`${title}\n`)));
  return sections.map((section) => toPlainText(section.slice(section.indexOf('\n')))).join('\n\n');
};

const toPlainText = (markdown: string): string =>
  markdown
    .replace(/^```.*\n/gm, '')
    .replace(/\*\*/g, '')
    .replace(/\[([^\]]+)\]\(([^)]+)\)/g, '$1 ($2)')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
