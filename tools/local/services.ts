import { readdirSync } from 'node:fs';
import path from 'node:path';
import { readManifest } from '../manifest.ts';
import type { Service } from './destination.ts';

const files = readdirSync(path.join(import.meta.dirname, 'destinations'));

const load = async (name: string): Promise<Service> => {
  const exported: object = await import(`./destinations/${name}.ts`);
  const service = Object.values(exported).find((value) => value?.name === name && value.app);
  if (!service) throw new Error(`tools/local/destinations/${name}.ts exports no service named ${name}`);
  return service;
};

/** The embedded counterparts of the destinations, in the order of a0deploy.yaml. */
export const services: readonly Service[] = await Promise.all(
  readManifest()
    .actions.map(({ name }) => name)
    .filter((name) => files.includes(`${name}.ts`))
    .map(load),
);
