import type { LoadedAction } from './auth0/runtime.ts';
import { Tenant } from './auth0/tenant.ts';
import { loadBuilt } from './built-actions.ts';
import { vendors } from './vendors/all-vendors.ts';
import { startVendorMock, type Vendor, type VendorMock } from './vendors/vendor-mock.ts';

/** A tenant whose flow has an Action for each embedded destination, or one for all of them. */
export interface Sandbox {
  tenant: Tenant;
  destinations: readonly VendorMock[];
  close(): Promise<void>;
}

export const createSandbox = async ({
  names = vendors.map(({ name }) => name),
  action,
  load = loadBuilt,
  secrets = {},
}: {
  /** The destinations, in the order of the flow. All of them by default. */
  names?: readonly string[];
  /** The one Action for all of them. By default each has the Action of its name. */
  action?: string;
  load?: (name: string) => LoadedAction;
  /** For every Action, beside what points it at its destination. */
  secrets?: Readonly<Record<string, string>>;
} = {}): Promise<Sandbox> => {
  const destinations = await Promise.all(
    names.map(getVendor).map((vendor) => startVendorMock(vendor, { tls: vendor.tls ?? false })),
  );
  const tenant = new Tenant();
  const bind = (name: string, ...targets: readonly VendorMock[]) => {
    const own = Object.assign({}, ...targets.map((destination) => destination.secrets));
    tenant.bind({ name, action: load(name), secrets: { ...own, ...secrets } });
  };
  if (action !== undefined) bind(action, ...destinations);
  else for (const destination of destinations) bind(destination.name, destination);
  const close = async () => {
    await Promise.all(destinations.map((destination) => destination.close()));
  };
  return { tenant, destinations, close };
};

const getVendor = (name: string): Vendor => {
  const vendor = vendors.find((candidate) => candidate.name === name);
  if (!vendor) throw new Error(`There is no embedded destination "${name}"`);
  return vendor;
};
