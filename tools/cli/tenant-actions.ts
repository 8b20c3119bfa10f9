/** The Actions of a tenant. */
import type { Management, ManagementClient } from 'auth0';

export const listActions = async (client: ManagementClient): Promise<readonly Management.Action[]> =>
  readAll(await client.actions.list({ per_page: 100 }));

/** The items of all pages of a list. */
export const readAll = async <T>(pages: AsyncIterable<T>): Promise<readonly T[]> => {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
};

/** What Auth0 installs for an Action, in a form that can be compared. */
export const toVersions = (
  dependencies: ReadonlyArray<{ name?: string | undefined; version?: string | undefined }> = [],
): string[] => dependencies.map(({ name, version }) => `${name}@${version}`).sort();
