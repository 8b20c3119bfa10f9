import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../tools/shared/manifest.ts';
import { documents, getAnchors, getLinks, readDocument } from '../support/markdown.ts';

/** The links of a document that lead nowhere. Addresses on the web are not requested. */
const getBrokenLinks = (document: string): string[] =>
  getLinks(readDocument(document)).filter((target) => {
    if (/^https?:/.test(target)) return !URL.canParse(target);
    const [file = '', anchor] = target.split('#');
    const linked = file === '' ? document : path.posix.join(path.posix.dirname(document), file);
    if (!existsSync(path.join(ROOT, linked))) return true;
    return anchor !== undefined && !getAnchors(readDocument(linked)).includes(anchor);
  });

describe('links in documents', () => {
  it.each(documents)('lead somewhere in %s', (document) => {
    expect(getBrokenLinks(document)).toEqual([]);
  });

  it('reach every document from README.md', () => {
    const reached = new Set(['README.md']);
    for (const document of reached) {
      for (const target of getLinks(readDocument(document))) {
        const linked = path.posix.join(path.posix.dirname(document), target.split('#')[0] ?? '');
        if (documents.includes(linked)) reached.add(linked);
      }
    }
    expect([...reached].toSorted()).toEqual(documents.toSorted());
  });
});

describe('getLinks', () => {
  it('finds links and images, and none in code', () => {
    const markdown = '[a](b.md) ![c](d.png)\n`[no](no.md)`\n\n```md\n[no](no.md)\n```\n\n- [e](#f)';
    expect(getLinks(markdown)).toEqual(['b.md', 'd.png', '#f']);
  });
});

describe('getAnchors', () => {
  it('slugs headings as GitHub does, and numbers repeated ones', () => {
    const markdown = '# A `b`: c\n## 1. Do, it\n### X\n## X\n```sh\n# no heading\n```\n';
    expect(getAnchors(markdown)).toEqual(['a-b-c', '1-do-it', 'x', 'x-1']);
  });
});
