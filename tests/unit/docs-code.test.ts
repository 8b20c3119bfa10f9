import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { documents, getCodeBlocks, readDocument } from '../support/markdown.ts';

describe('code blocks in documents', () => {
  it.each(documents)('parse: %s', (document) => {
    const markdown = readDocument(document);
    for (const loader of ['js', 'ts', 'json'] as const) {
      for (const code of getCodeBlocks(markdown, loader)) {
        expect(() => transformSync(code, { loader, logLevel: 'silent' }), code).not.toThrow();
      }
    }
  });
});
