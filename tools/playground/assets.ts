/** Builds the client, in memory. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

interface Asset {
  readonly type: string;
  readonly content: string;
}

const CLIENT = path.join(import.meta.dirname, 'client');

/** Path on the server → asset. */
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
  const getBuilt = (extension: string) =>
    outputFiles.find((file) => file.path.endsWith(extension))?.text ?? '';
  const html = readFileSync(path.join(CLIENT, 'index.html'), 'utf8');
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', content: html }],
    ['/app.js', { type: 'text/javascript; charset=utf-8', content: getBuilt('.js') }],
    ['/style.css', { type: 'text/css; charset=utf-8', content: getBuilt('.css') }],
  ]);
};
