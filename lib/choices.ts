/** What the operator chooses to add to an event: properties, the visitor, the group, and the id of the user. */
import { type Activity, FIXED_PROPERTIES } from './activity.ts';
import { getErrorName } from './errors.ts';
import { toId } from './ids.ts';
import type { LoginEvent } from './login-event.ts';
import { getAt, readProperties, toProperties } from './properties.ts';
import type { Settings } from './settings.ts';
import { toVisitor } from './visitor.ts';

type Properties = Readonly<Record<string, unknown>>;

/** Properties in code, in addition to those of the settings. One that throws does not cost the event. */
export interface PropertyFunctions {
  /** Properties of the event: `(event) => ({ plan: event.user.app_metadata.plan })`. */
  // biome-ignore lint/suspicious/noExplicitAny: Auth0's own type of the event fits as well.
  readonly properties?: (event: any) => Properties;
  /** Properties of the user's profile. */
  // biome-ignore lint/suspicious/noExplicitAny: Auth0's own type of the event fits as well.
  readonly userProperties?: (event: any) => Properties;
}

/** @param onError is told what is wrong with a function: `properties() threw TypeError`. */
export const applyChoices = (
  login: Activity,
  event: LoginEvent,
  settings: Settings,
  functions: PropertyFunctions,
  onError: (problem: string) => void,
): Activity => {
  const call = (name: keyof PropertyFunctions): Properties => {
    try {
      return toOwn(functions[name]?.(event), (problem) => onError(`${name}() ${problem}`));
    } catch (error) {
      onError(`${name}() threw ${getErrorName(error)}`);
      return {};
    }
  };
  const { user, organization } = login;
  return {
    ...login,
    user: {
      ...user,
      id: toId(settings.USER_ID && getAt(event, settings.USER_ID)) ?? user.auth0Id,
      properties: toProperties({
        ...readProperties(event, settings.USER_PROPERTIES),
        ...call('userProperties'),
      }),
    },
    group:
      settings.GROUPS === 'organization' && organization.id !== undefined
        ? { id: organization.id, name: organization.displayName ?? organization.name }
        : undefined,
    visitor: toVisitor(event, settings.ANONYMOUS_ID),
    properties: toProperties({ ...readProperties(event, settings.PROPERTIES), ...call('properties') }),
  };
};

/** What a function returned, without names that are fixed. A getter of it can throw. */
const toOwn = (returned: unknown, onError: (problem: string) => void): Properties => {
  if (isThenable(returned)) {
    // A login waits for deliveries alone. Unhandled, a rejection would end the process.
    Promise.resolve(returned).catch(() => {});
    onError('returned a promise');
    return {};
  }
  const entries = Object.entries({ ...(returned as object | null | undefined) });
  const isFixed = ([name]: readonly [string, unknown]) => FIXED_PROPERTIES.includes(name);
  const fixed = entries.find(isFixed);
  if (fixed) onError(`cannot redefine ${fixed[0]}`);
  return Object.fromEntries(entries.filter((entry) => !isFixed(entry)));
};

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
