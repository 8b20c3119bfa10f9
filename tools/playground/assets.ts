/** Builds the page, in memory. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

interface Asset {
  readonly type: string;
  readonly content: string;
}

const CLIENT = path.join(import.meta.dirname, 'client');

/** Path on the server → what is there. */
export const buildAssets = async (): Promise<ReadonlyMap<string, Asset>> => {
  const { outputFiles } = await build({
    absWorkingDir: CLIENT,
    entryPoints: ['app.tsx', 'style.css'],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    outdir: '/',
    write: false,
    logLevel: 'warning',
  });
  const built = (extension: string) => outputFiles.find((file) => file.path.endsWith(extension))?.text ?? '';
  return new Map([
    [
      '/',
      { type: 'text/html; charset=utf-8', content: readFileSync(path.join(CLIENT, 'index.html'), 'utf8') },
    ],
    ['/app.js', { type: 'text/javascript; charset=utf-8', content: built('.js') }],
    ['/style.css', { type: 'text/css; charset=utf-8', content: built('.css') }],
  ]);
};
