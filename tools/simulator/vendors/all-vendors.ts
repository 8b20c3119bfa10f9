import { readdirSync } from 'node:fs';
import { readManifest } from '../../shared/manifest.ts';
import type { Vendor } from './vendor-mock.ts';

const files = readdirSync(import.meta.dirname);

const load = async (name: string): Promise<Vendor> => {
  const exported: object = await import(`../vendors/${name}.ts`);
  const vendor = Object.values(exported).find((value) => value?.name === name && value.app);
  if (!vendor) throw new Error(`tools/simulator/vendors/${name}.ts exports no vendor named ${name}`);
  return vendor;
};

/** All vendors, in the order of a0deploy.yaml. */
export const vendors: readonly Vendor[] = await Promise.all(
  readManifest()
    .actions.map(({ name }) => name)
    .filter((name) => files.includes(`${name}.ts`))
    .map(load),
);

export const getVendor = (name: string): Vendor => {
  const vendor = vendors.find((candidate) => candidate.name === name);
  if (!vendor) throw new Error(`There is no mock vendor "${name}"`);
  return vendor;
};
