/** The project's documents, and what can be checked in them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../tools/shared/manifest.ts';

/** Paths from the root of the package. */
export const documents: readonly string[] = [
  ...readdirSync(ROOT).filter((file) => file.endsWith('.md')),
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.posix.join('docs', file.replaceAll(path.sep, '/'))),
];

export const readDocument = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const FENCE = /^( *)```(\w*)\n(.*?)^\1```$/gms;

/** The content of the code blocks in a language. */
export const getCodeBlocks = (markdown: string, language: string): string[] =>
  Array.from(markdown.matchAll(FENCE)).flatMap(([, , found, code = '']) =>
    found === language ? [code] : [],
  );

/** What is marked as code within sentences. */
export const getInlineCode = (markdown: string): string[] =>
  Array.from(markdown.replace(FENCE, '').matchAll(/`([^`\n]+)`/g), ([, code = '']) => code);

/** Targets of links and images, outside of code. */
export const getLinks = (markdown: string): string[] =>
  Array.from(
    markdown
      .replace(FENCE, '')
      .replace(/`[^`\n]+`/g, 'code')
      .matchAll(/\]\(([^)\s]+)\)/g),
    ([, target = '']) => target,
  );

/** The anchors that GitHub gives to the headings of a document. */
export const getAnchors = (markdown: string): string[] => {
  const seen = new Map<string, number>();
  return Array.from(markdown.replace(FENCE, '').matchAll(/^#+ (.+)$/gm), ([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
};
