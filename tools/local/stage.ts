import { loadBuilt } from './built.ts';
import { type Destination, type Service, startDestination } from './destination.ts';
import type { LoadedAction } from './runtime.ts';
import { services } from './services.ts';
import { Tenant } from './tenant.ts';

/** A tenant whose flow has an Action for each embedded destination. */
export interface Stage {
  tenant: Tenant;
  destinations: readonly Destination[];
  close(): Promise<void>;
}

export const openStage = async ({
  names = services.map(({ name }) => name),
  load = loadBuilt,
  secrets = {},
}: {
  /** The destinations, in the order of the flow. All of them by default. */
  names?: readonly string[];
  load?: (name: string) => LoadedAction;
  /** For every Action, beside what points it at its destination. */
  secrets?: Readonly<Record<string, string>>;
} = {}): Promise<Stage> => {
  const destinations = await Promise.all(
    names.map(serviceOf).map((service) => startDestination(service, { tls: service.tls ?? false })),
  );
  const tenant = new Tenant();
  for (const destination of destinations) {
    const { name } = destination;
    tenant.bind({ name, action: load(name), secrets: { ...destination.secrets, ...secrets } });
  }
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
