/**
 * What programs send where they have no id. A vendor rejects an event for it, or takes all who have it for one person.
 * https://docs.mixpanel.com/reference/import-events https://posthog.com/docs/product-analytics/identify
 */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  ...['', '""', '{}', '[]', '[object object]', '<nil>', 'nil', 'null', 'none', 'n/a', 'na', 'nan'],
  ...['undefined', 'unknown', 'anonymous', 'anon', 'guest', 'not_authenticated', 'lmy47d'],
  ...['id', 'distinct_id', 'distinctid', 'email', 'true', 'false', '0', '-1'],
  '00000000-0000-0000-0000-000000000000',
]);

/** The id as a string; undefined for anything that identifies nobody. */
export const toId = (value: unknown): string | undefined => {
  const id = Number.isSafeInteger(value) ? String(value) : value;
  return typeof id === 'string' && !PLACEHOLDERS.has(id.trim().toLowerCase()) ? id : undefined;
};
