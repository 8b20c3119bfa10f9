/** What there is in actions/: destinations, and Actions that record at one or several of them. */
import type { Sink } from '../../lib/sink.ts';
import { readManifest } from './manifest.ts';

/** An Action: it records at one destination, or at several. */
export interface Action {
  /** The name of its file: `splunk`. */
  readonly name: string;
  readonly sinks: readonly Sink[];
}

/** All Actions, in the order of a0deploy.yaml. */
export const loadActions = async (): Promise<readonly Action[]> =>
  Promise.all(readManifest().actions.map(({ name }) => loadAction(name)));

/** All destinations: each has an Action for it alone. */
export const loadSinks = async (): Promise<readonly Sink[]> =>
  (await loadActions()).flatMap((action) => onlySink(action) ?? []);

/** The destination of an Action; undefined if it has several. */
export const onlySink = ({ sinks }: Action): Sink | undefined => (sinks.length === 1 ? sinks[0] : undefined);

const loadAction = async (name: string): Promise<Action> => {
  const exported: Readonly<Record<string, unknown>> = await import(`../../actions/${name}.ts`);
  if (exported.sinks) return { name, sinks: exported.sinks as readonly Sink[] };
  const sink = Object.values(exported).find((value) => (value as Partial<Sink>).name === name);
  if (!sink) throw new Error(`actions/${name}.ts exports neither a sink named ${name} nor its sinks`);
  return { name, sinks: [sink as Sink] };
};
