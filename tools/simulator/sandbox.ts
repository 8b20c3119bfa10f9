import type { LoadedAction } from './auth0/runtime.ts';
import { Tenant } from './auth0/tenant.ts';
import { loadBuilt } from './built-actions.ts';
import { getVendor, vendors } from './vendors/all-vendors.ts';
import { startVendorMock, type VendorMock } from './vendors/vendor-mock.ts';

/** A tenant whose flow has an Action for each mock vendor, or one for all of them. */
export interface Sandbox {
  tenant: Tenant;
  mocks: readonly VendorMock[];
  close(): Promise<void>;
}

export interface SandboxOptions {
  /** Names of the vendors, in the order of the flow; all by default. */
  names?: readonly string[];
  /** The one Action for all vendors. By default each has the Action of its name. */
  action?: string;
  /** By default the built Action. */
  load?: (name: string) => LoadedAction;
  /** Secrets of every Action, in addition to those that make it deliver to its mock. */
  secrets?: Readonly<Record<string, string>>;
}

export const createSandbox = async ({
  names = vendors.map(({ name }) => name),
  action,
  load = loadBuilt,
  secrets = {},
}: SandboxOptions = {}): Promise<Sandbox> => {
  const mocks = await Promise.all(
    names.map(getVendor).map((vendor) => startVendorMock(vendor, { tls: vendor.tls ?? false })),
  );
  const tenant = new Tenant();
  const bind = (name: string, targets: readonly VendorMock[]) => {
    const mockSecrets = Object.assign({}, ...targets.map((mock) => mock.secrets));
    tenant.bind({ name, action: load(name), secrets: { ...mockSecrets, ...secrets } });
  };
  if (action === undefined) for (const mock of mocks) bind(mock.name, [mock]);
  else bind(action, mocks);
  const close = async () => {
    await Promise.all(mocks.map((mock) => mock.close()));
  };
  return { tenant, mocks, close };
};
