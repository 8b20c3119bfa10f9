import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { licenseNotices } from '../shared/license-notices.ts';
import { ROOT } from '../shared/manifest.ts';

/** Builds the client from its source, in memory. Name of a file → its content. */
export const buildClient = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['app.tsx', 'style.css'].map((file) => path.join(folder, file)),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    outdir: '/',
    write: false,
    metafile: true,
    logLevel: 'warning',
  });
  const getBuilt = (extension: string) =>
    outputFiles.find((file) => file.path.endsWith(extension))?.text ?? '';
  return {
    'index.html': readFileSync(path.join(folder, 'index.html'), 'utf8'),
    'app.js': `${getBuilt('.js')}${licenseNotices(metafile)}`,
    'style.css': getBuilt('.css'),
  };
};
