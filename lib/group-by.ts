/** Key → its items, in the order of their first appearance. `Map.groupBy`, for Node 20. */
export const groupBy = <T>(items: readonly T[], toKey: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = toKey(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
};
