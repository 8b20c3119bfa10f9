/** The files that the browser loads. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isClone } from '../shared/manifest.ts';

interface Asset {
  readonly path: string;
  readonly file: string;
  readonly type: string;
}

const ASSETS: readonly Asset[] = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/app.js', file: 'app.js', type: 'text/javascript; charset=utf-8' },
  { path: '/style.css', file: 'style.css', type: 'text/css; charset=utf-8' },
];

/** Next to this file in a clone, and next to what it is compiled to in an installed command line. */
const CLIENT = path.join(import.meta.dirname, 'client');

/** In a clone the client is built from its source; an installed command line has it. */
export const getAssets = async (): Promise<ReadonlyArray<Asset & { readonly content: string }>> => {
  const files = isClone ? await buildFromSource() : undefined;
  return ASSETS.map((asset) => {
    const content = files?.[asset.file] ?? readFileSync(path.join(CLIENT, asset.file), 'utf8');
    return { ...asset, content };
  });
};

const buildFromSource = async () => {
  const { buildClient } = await import('./build-client.ts');
  return buildClient(CLIENT);
};
