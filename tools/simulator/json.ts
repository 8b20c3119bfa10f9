/** What a request holds is unknown before it is checked. */
export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined for anything but a JSON object. */
export const parseObject = (json: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** An empty string for anything but a string. */
export const asString = (value: unknown): string => (typeof value === 'string' ? value : '');
