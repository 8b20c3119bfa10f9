/** Reads what a vendor responds: untrusted, so nothing is known of its shape. */

/** The value of a field; undefined if there is no such object or field. */
export const getField = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;

/** The items of a list; none if it is not one. */
export const getItems = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The string; undefined if it is not one. */
export const getString = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** True for an object without fields. */
export const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
