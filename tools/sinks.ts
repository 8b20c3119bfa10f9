import type { Sink } from '../lib/sink.ts';
import { UsageError } from './cli.ts';
import { readManifest } from './manifest.ts';

/** The sinks of all Actions, in the order of a0deploy.yaml. */
export const loadSinks = async (): Promise<readonly Sink[]> =>
  Promise.all(readManifest().actions.map(({ name }) => loadSink(name)));

/** The sink of the one Action that a command line names. */
export const findSink = async (positionals: readonly string[]): Promise<Sink> => {
  const sinks = await loadSinks();
  const sink = sinks.find(({ name }) => name === positionals[0]);
  if (sink && positionals.length === 1) return sink;
  throw new UsageError(`Name one Action: ${sinks.map(({ name }) => name).join(', ')}`);
};

const loadSink = async (name: string): Promise<Sink> => {
  const exported: object = await import(`../actions/${name}.ts`);
  const sink = Object.values(exported).find((value) => value?.name === name && value.secrets);
  if (!sink) throw new Error(`actions/${name}.ts exports no sink named ${name}`);
  return sink;
};
