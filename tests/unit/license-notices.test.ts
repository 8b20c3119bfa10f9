import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { licenseNotices } from '../../tools/shared/license-notices.ts';
import { ROOT } from '../../tools/shared/manifest.ts';

const readLicense = (name: string): string => {
  const folder = path.join(ROOT, 'node_modules', name);
  const file = readdirSync(folder).find((entry) => /^license/i.test(entry)) ?? '';
  return readFileSync(path.join(folder, file), 'utf8').trim();
};

const bundle = async (contents: string) => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    platform: 'node',
    metafile: true,
    write: false,
  });
  return licenseNotices(metafile);
};

describe('licenseNotices', () => {
  it('quotes the license of each bundled package once', async () => {
    const notices = await bundle("export { v4, v5 } from 'uuid'; export { h } from 'preact';");
    expect(notices.match(/(?<=This file contains )\S+ \d+/g)).toEqual(['preact 11', 'uuid 14']);
    expect(notices).toContain(readLicense('preact'));
    expect(notices).toContain(readLicense('uuid'));
  });

  it('leaves out a package of which nothing is in the bundle', async () => {
    expect(await bundle("import { v4 } from 'uuid'; export const one = 1;")).toBe('');
  });
});

describe('built files', () => {
  const files = readdirSync(path.join(ROOT, 'dist')).filter((file) => file.endsWith('.js'));

  it.each(files)('dist/%s carries the license of each package that is bundled in it', (file) => {
    const code = readFileSync(path.join(ROOT, 'dist', file), 'utf8');
    // A minified file has no comments that name its modules.
    const modules = code.matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm);
    for (const name of new Set(['uuid', ...Array.from(modules, ([, name = '']) => name)])) {
      expect(code).toContain(readLicense(name));
    }
  });
});
