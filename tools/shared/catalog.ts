/** What there is in actions/, and in the sets of the operator: destinations, and Actions that record at them. */
import { getRequiredSecrets, type SecretDeclarations } from '../../lib/secrets.ts';
import { settings } from '../../lib/settings.ts';
import type { Sink } from '../../lib/sink.ts';
import { type ActionSet, SETS_FILE } from './action-sets.ts';
import { type ActionEntry, readManifest } from './manifest.ts';
import { UsageError } from './usage-error.ts';

/** An Action: it records at one destination, or at several. */
export interface Action {
  /** The name of its file: `splunk`. */
  readonly name: string;
  readonly sinks: readonly Sink[];
}

/** All Actions of a0deploy.yaml, in its order. */
export const loadActions = async (): Promise<readonly Action[]> =>
  Promise.all(readManifest().actions.map(loadAction));

/** All destinations: each has an Action for it alone. */
export const loadSinks = async (): Promise<readonly Sink[]> =>
  (await loadActions()).flatMap((action) => onlySink(action) ?? []);

/** The destination whose Action this is; undefined for an Action for several, or with code of its own. */
export const onlySink = ({ name, sinks }: Action): Sink | undefined =>
  sinks.length === 1 ? sinks.find((sink) => sink.name === name) : undefined;

/** Whether an Action is the operator's own file in actions/, with code around the recording that may do anything. */
export const isCustom = ({ name, destinations }: ActionEntry, action: Action): boolean =>
  !destinations && name !== 'all' && !onlySink(action);

export const loadAction = async ({ name, destinations }: ActionEntry): Promise<Action> => {
  if (destinations) return loadSet({ name, destinations });
  const exported = await importAction(name);
  if (exported.sinks) return { name, sinks: exported.sinks as readonly Sink[] };
  const [, sink] = findSink(name, exported) ?? [];
  if (!sink) throw new Error(`actions/${name}.ts exports neither a sink named ${name} nor its sinks`);
  return { name, sinks: [sink] };
};

/** @throws {UsageError} that names what no Action can have: an unknown destination, or the same one twice. */
export const loadSet = async ({ name, destinations }: ActionSet): Promise<Action> => {
  const known = await loadSinks();
  const sinks = destinations.map((destination) => {
    const sink = known.find((candidate) => candidate.name === destination);
    if (sink) return sink;
    const names = known.map((candidate) => candidate.name).join(', ');
    throw new UsageError(`${name}: unknown destination ${destination}, choose from ${names}`);
  });
  if (sinks.length === 0)
    throw new UsageError(`${name} has no destination: name one at least in ${SETS_FILE}`);
  for (const [index, sink] of sinks.entries()) {
    const required = getRequiredSecrets(sink.secrets);
    const other = sinks
      .slice(0, index)
      .find(({ secrets }) => getRequiredSecrets(secrets).some((secret) => required.includes(secret)));
    if (other) {
      throw new UsageError(`${name}: ${other.name} and ${sink.name} record at the same place, choose one`);
    }
  }
  return { name, sinks };
};

/** The secrets that an Action for these sinks reads, but for `CONFIG`. */
export const getDeclarations = (sinks: readonly Sink[]): SecretDeclarations =>
  Object.assign({}, settings, ...sinks.map(({ secrets }) => secrets));

/** What a destination is called in code: `segmentHttp` for `segment-http`. */
export const getIdentifier = async (name: string): Promise<string> => {
  const [identifier] = findSink(name, await importAction(name)) ?? [];
  if (identifier === undefined) throw new Error(`actions/${name}.ts exports no sink named ${name}`);
  return identifier;
};

const importAction = (name: string): Promise<Readonly<Record<string, unknown>>> =>
  import(`../../actions/${name}.ts`);

const findSink = (
  name: string,
  exported: Readonly<Record<string, unknown>>,
): readonly [identifier: string, sink: Sink] | undefined =>
  Object.entries(exported as Readonly<Record<string, Sink>>).find(([, value]) => value.name === name);
