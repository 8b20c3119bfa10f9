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
  const files = (await readFiles()).filter(({ exported }) => !exported.sinks);
  const sorted = files.toSorted((a, b) => getRank(a.name) - getRank(b.name) || a.name.localeCompare(b.name));
  return Promise.all(sorted.map(readDestination));
};

/** The Actions with code of their own around the recording: they export the `sinks` that they record at. */
export const findCustomActions = async (): Promise<
  readonly Pick<DestinationFile, 'name' | 'dependencies'>[]
> => {
  const files = (await readFiles()).filter(({ exported }) => exported.sinks);
  return Promise.all(
    files.map(async ({ name }) => ({ name, dependencies: await findDependencies(`actions/${name}.ts`) })),
  );
};

interface ActionFile {
  readonly name: string;
  readonly exported: Readonly<Record<string, unknown>>;
}

/** The files that are written by hand. */
const readFiles = (): Promise<readonly ActionFile[]> =>
  Promise.all(
    readdirSync(path.join(ROOT, 'actions'))
      .filter((file) => file.endsWith('.ts') && !GENERATED.includes(file))
      .map(async (file) => ({
        name: path.basename(file, '.ts'),
        exported: await import(path.join(ROOT, 'actions', file)),
      })),
  );

const getRank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

const readDestination = async ({ name, exported }: ActionFile): Promise<DestinationFile> => {
  const file = `actions/${name}.ts`;
  const [identifier, sink] =
    Object.entries(exported).find(([, value]) => (value as Partial<Sink>)?.name === name) ?? [];
  if (identifier === undefined)
    throw new Error(`${file} exports neither a sink named ${name} nor the sinks that it records at`);
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
