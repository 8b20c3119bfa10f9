import { isObject, type JsonObject } from '../json.ts';

/** What a vendor stores in addition to events. */
export class VendorStore {
  /** Id of the user → properties of the profile: Segment's traits, PostHog's person properties. */
  readonly profiles = new Map<string, JsonObject>();
  /** `organization:org_acme`, or the id alone where the vendor has no types of groups → properties of the group. */
  readonly groups = new Map<string, JsonObject>();
  /** Anonymous id → id of the user whom the vendor has joined it to. */
  readonly identities = new Map<string, string>();

  clear(): void {
    for (const map of [this.profiles, this.groups, this.identities]) map.clear();
  }
}

/** Creates a profile or group, or changes it: `set` overrides what is there, `setOnce` does not. Anything but an object sets nothing. */
export const setProperties = (
  entries: Map<string, JsonObject>,
  id: string,
  set: unknown,
  setOnce?: unknown,
): void => {
  const [override, initial] = [set, setOnce].map((value) => (isObject(value) ? value : {}));
  entries.set(id, { ...initial, ...entries.get(id), ...override });
};

/** Joins an anonymous visitor to a user. The first user of a visitor stays. */
export const join = (identities: Map<string, string>, anonymousId: string, userId: string): void => {
  if (anonymousId && userId && !identities.has(anonymousId)) identities.set(anonymousId, userId);
};
