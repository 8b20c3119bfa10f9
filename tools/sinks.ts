import type { Sink } from '../lib/sink.ts';
import { readManifest } from './manifest.ts';

/** The sinks of all Actions, in the order of a0deploy.yaml. */
export const loadSinks = async (): Promise<readonly Sink[]> =>
  Promise.all(readManifest().actions.map(({ name }) => loadSink(name)));

const loadSink = async (name: string): Promise<Sink> => {
  const exported: object = await import(`../actions/${name}.ts`);
  const sink = Object.values(exported).find((value) => value?.name === name && value.secrets);
  if (!sink) throw new Error(`actions/${name}.ts exports no sink named ${name}`);
  return sink;
};
