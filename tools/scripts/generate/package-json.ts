import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../shared/manifest.ts';
import type { DestinationFile } from './destination-file.ts';
import { list } from './markdown.ts';

type Versions = Readonly<Record<string, string>>;

export interface PackageJson {
  readonly version: string;
  readonly scripts: Versions;
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
  readonly peerDependencies: Versions;
}

export const readPackageJson = (): PackageJson =>
  JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** Auth0 accepts exact versions only. */
export const getVersion = (name: string): string => {
  const { dependencies, devDependencies } = readPackageJson();
  const version = dependencies[name] ?? devDependencies[name] ?? '';
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`package.json gives ${name} no exact version`);
  return version;
};

const KEYWORDS = ['auth0', 'auth0-actions', 'post-login', 'analytics', 'login', 'signup'];

/** package.json with the vendors in its description and its keywords. */
export const toPackageJson = (destinations: readonly DestinationFile[]): string => {
  const changed = {
    ...readPackageJson(),
    description: `Auth0 post-login Actions that record every sign-up and login in ${listVendors(destinations, 'and')}.`,
    keywords: [
      ...KEYWORDS,
      ...getVendors(destinations).map((vendor) => vendor.toLowerCase().replaceAll(' ', '-')),
    ],
  };
  return `${JSON.stringify(changed, null, 2)}\n`;
};

/** What is no vendor, and what a list of vendors calls it, at its end. */
const GENERIC: Readonly<Record<string, string>> = { Webhook: 'any webhook' };

/** `Splunk, Datadog and any webhook`. */
export const listVendors = (destinations: readonly DestinationFile[], conjunction: 'and' | 'or'): string => {
  const vendors = getVendors(destinations);
  const generic = vendors.flatMap((vendor) => GENERIC[vendor] ?? []);
  return list([...vendors.filter((vendor) => !(vendor in GENERIC)), ...generic], conjunction);
};

/** The vendors' names, each once. */
const getVendors = (destinations: readonly DestinationFile[]): string[] => [
  // `Splunk` of `Splunk, HTTP Event Collector (HEC)`.
  ...new Set(destinations.map(({ sink }) => sink.title.split(',')[0] ?? sink.title)),
];
