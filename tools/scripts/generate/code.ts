/** The generated files of actions/, and the manifest. */
import type { DestinationFile } from './destination-file.ts';
import { getVersion } from './package-json.ts';

const WRITTEN_BY = 'Written by `npm run generate`.';

/** actions/index.ts: what the package exports. */
export const toIndex = (
  destinations: readonly DestinationFile[],
): string => `/** The package's entry. ${WRITTEN_BY} */
export { type Activity, commonProperties, ipForLookup } from '../lib/activity.ts';
export { type ActionOptions, createAction, type Handler } from '../lib/create-action.ts';
export { RejectedError, rejectAt, UnavailableError } from '../lib/errors.ts';
export {
  baseUrl,
  booleanString,
  certificates,
  commaSeparated,
  credential,
  type Format,
  headerList,
  integer,
  oneOf,
  sensitiveString,
  string,
} from '../lib/formats.ts';
export type { Http, HttpRequest, HttpResponse, TlsOptions } from '../lib/http.ts';
export type { LoginApi, LoginEvent } from '../lib/login-event.ts';
export {
  type DeliveredOutcome,
  type FailedOutcome,
  type MisconfiguredOutcome,
  OUTCOME_CHANNEL,
  type Outcome,
  type SkippedOutcome,
} from '../lib/outcome.ts';
export {
  eventNames,
  optional,
  type Problems,
  regional,
  required,
  type Secret,
  type SecretDeclarations,
  type SecretValues,
} from '../lib/secrets.ts';
export { type Activities, defineSink, type Sink } from '../lib/sink.ts';
${inAlphabeticalOrder(destinations)
  .map(({ name, identifier }) => `export { ${identifier} } from './${name}.ts';`)
  .join('\n')}
`;

/** actions/all.ts: the Action for every destination. */
export const toAll = (destinations: readonly DestinationFile[]): string => {
  const included = destinations.filter(isInAll);
  const sinks = included.map(({ identifier }) => `  ${identifier},`).join('\n');
  return `/**
 * Every destination, in one Action: those with secrets are served concurrently. ${WRITTEN_BY}
 *
 * A destination that needs a vendor's library is left out: loading it would cost each new instance of the Action time,
 * whether the destination is configured or not. So Segment is among them once, as \`segment-http\`.
 */
import { createAction } from '../lib/create-action.ts';
${inAlphabeticalOrder(included)
  .map(({ name, identifier }) => `import { ${identifier} } from './${name}.ts';`)
  .join('\n')}

// biome-ignore format: one line for each destination.
export const sinks = [
${sinks}
];

export const onExecutePostLogin = createAction(sinks, { name: 'all' });
`;
};

/** Whether a destination needs nothing but what every Action needs. */
export const isInAll = ({ dependencies }: DestinationFile): boolean => dependencies.length === 1;

const inAlphabeticalOrder = (destinations: readonly DestinationFile[]): DestinationFile[] =>
  destinations.toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** a0deploy.yaml. */
export const toManifest = (
  destinations: readonly DestinationFile[],
  customActions: readonly Pick<DestinationFile, 'name' | 'dependencies'>[],
): string => {
  const all = { name: 'all', dependencies: destinations.find(isInAll)?.dependencies ?? [] };
  return `# What \`a0deploy import\` deploys. ${WRITTEN_BY}
#
# There are no secrets here: set in Auth0's dashboard they stay out of files, and an import leaves them as they are.
# There are no triggers: an import that has some replaces the whole flow, including the Actions of other teams.
actions:
${[...destinations, all, ...customActions].map(toManifestEntry).join('\n')}`;
};

const toManifestEntry = ({
  name,
  dependencies,
}: Pick<DestinationFile, 'name' | 'dependencies'>): string => `  - name: ${name}
    code: dist/${name}.js
    runtime: node22
    deployed: true
    supported_triggers: [{ id: post-login, version: v3 }]
    dependencies:
${dependencies.map((dependency) => `      - { name: ${dependency.startsWith('@') ? `"${dependency}"` : dependency}, version: ${getVersion(dependency)} }\n`).join('')}`;
