import { loadBuilt } from './built.ts';
import { type Destination, type Service, startDestination } from './destination.ts';
import type { LoadedAction } from './runtime.ts';
import { services } from './services.ts';
import { Tenant } from './tenant.ts';

/** A tenant whose flow has an Action for each embedded destination, or one for all of them. */
export interface Stage {
  tenant: Tenant;
  destinations: readonly Destination[];
  close(): Promise<void>;
}

export const openStage = async ({
  names = services.map(({ name }) => name),
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
} = {}): Promise<Stage> => {
  const destinations = await Promise.all(
    names.map(serviceOf).map((service) => startDestination(service, { tls: service.tls ?? false })),
  );
  const tenant = new Tenant();
  const bind = (name: string, ...targets: readonly Destination[]) => {
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

const serviceOf = (name: string): Service => {
  const service = services.find((candidate) => candidate.name === name);
  if (!service) throw new Error(`There is no embedded destination "${name}"`);
  return service;
};
