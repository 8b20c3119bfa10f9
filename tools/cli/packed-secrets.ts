/** Auth0's limits of an Action's secrets, and `CONFIG`, which holds what would exceed them. */
import { UsageError } from '../shared/usage-error.ts';
import { CONFIG, type Secrets } from './secret-values.ts';

/** https://auth0.com/docs/customize/actions/limitations */
export const SECRETS_LIMIT = 30;
const VALUE_LIMIT_CHARS = 4096;

/** As many secrets as fit are moved into `CONFIG`, the shortest first. The others stay as they are. */
export const packSecrets = (secrets: Secrets): Secrets => {
  const entries = Object.entries(secrets).toSorted(([, a], [, b]) => a.length - b.length);
  const toConfig = (count: number) => JSON.stringify(Object.fromEntries(entries.slice(0, count)));
  let count = entries.length;
  while (toConfig(count).length > VALUE_LIMIT_CHARS) count -= 1;
  return { [CONFIG]: toConfig(count), ...Object.fromEntries(entries.slice(count)) };
};

/** @throws {UsageError} if Auth0 would reject them. */
export const assertWithinLimits = (action: string, secrets: Secrets): void => {
  const tooLong = Object.keys(secrets).filter((name) => (secrets[name]?.length ?? 0) > VALUE_LIMIT_CHARS);
  if (tooLong.length > 0) {
    throw new UsageError(
      `${action}: ${tooLong.join(', ')} exceeds Auth0's limit of ${VALUE_LIMIT_CHARS} characters`,
    );
  }
  const count = Object.keys(secrets).length;
  if (count <= SECRETS_LIMIT) return;
  const remedy =
    CONFIG in secrets ? 'give fewer of them, or shorter ones' : `--pack stores them in one secret, ${CONFIG}`;
  throw new UsageError(`${action}: ${count} secrets exceed Auth0's limit of ${SECRETS_LIMIT}, ${remedy}`);
};
