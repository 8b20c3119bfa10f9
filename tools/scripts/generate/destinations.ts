/** What there is in actions/, read from the files themselves: every list of destinations is made of it. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import type { Sink } from '../../../lib/sink.ts';
import { ROOT } from '../../shared/manifest.ts';
import type { DestinationFile } from './destination-file.ts';
import { readPackageJson } from './package-json.ts';

/** Files of actions/ that are no destination. */
const GENERATED = ['all.ts', 'index.ts'];

/** Others follow in alphabetical order. */
const ORDER = [
  'splunk',
  'keen',
  'segment',
  'segment-http',
  'mixpanel',
  'amplitude',
  'posthog',
  'otlp',
  'webhook',
  'datadog',
];

export const findDestinations = async (): Promise<readonly DestinationFile[]> => {
  const names = readdirSync(path.join(ROOT, 'actions'))
    .filter((file) => file.endsWith('.ts') && !GENERATED.includes(file))
    .map((file) => path.basename(file, '.ts'))
    .toSorted((a, b) => getRank(a) - getRank(b) || a.localeCompare(b));
  return Promise.all(names.map(readDestination));
};

const getRank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

const readDestination = async (name: string): Promise<DestinationFile> => {
  const file = `actions/${name}.ts`;
  const exported: Readonly<Record<string, unknown>> = await import(path.join(ROOT, file));
  const [identifier, sink] =
    Object.entries(exported).find(([, value]) => (value as Partial<Sink>)?.name === name) ?? [];
  if (identifier === undefined) throw new Error(`${file} exports no sink named ${name}`);
  const { responses } = await import(path.join(ROOT, `tools/simulator/vendors/${name}.responses.ts`));
  return { name, identifier, sink: sink as Sink, dependencies: await findDependencies(file), responses };
};

/** What package.json lists as a dependency is installed by Auth0; everything else is bundled. */
const findDependencies = async (file: string): Promise<readonly string[]> => {
  const { dependencies, peerDependencies } = readPackageJson();
  const installed = Object.keys({ ...dependencies, ...peerDependencies });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [file],
    bundle: true,
    packages: 'external',
    platform: 'node',
    metafile: true,
    write: false,
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.map((entry) => entry.path),
  );
  return installed.filter((name) => imported.some((id) => id === name || id.startsWith(`${name}/`)));
};
