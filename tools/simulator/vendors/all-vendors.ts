import { loadSinks } from '../../shared/catalog.ts';
import type { Vendor } from './vendor-mock.ts';

const load = async (name: string): Promise<Vendor> => {
  const exported: object = await import(`../vendors/${name}.ts`);
  const vendor = Object.values(exported).find((value) => value?.name === name && value.app);
  if (!vendor) throw new Error(`tools/simulator/vendors/${name}.ts exports no vendor named ${name}`);
  return vendor;
};

/** The vendors of all destinations, in the order of a0deploy.yaml. */
export const vendors: readonly Vendor[] = await Promise.all(
  (await loadSinks()).map(({ name }) => load(name)),
);

export const getVendor = (name: string): Vendor => {
  const vendor = vendors.find((candidate) => candidate.name === name);
  if (!vendor) throw new Error(`There is no mock vendor "${name}"`);
  return vendor;
};
