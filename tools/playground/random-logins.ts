/** People whom nobody has to invent one by one. */
import type { Kind } from '../simulator/auth0/event.ts';
import type { LoginRequest } from '../simulator/auth0/flow.ts';
import type { Tenant } from '../simulator/auth0/tenant.ts';

const FIRST_NAMES = [
  'Alan',
  'Barbara',
  'Claude',
  'Dorothy',
  'Edsger',
  'Frances',
  'Grete',
  'Hedy',
  'Ida',
  'John',
];
const LAST_NAMES = [
  'Allen',
  'Hamilton',
  'Hermann',
  'Hopper',
  'Johnson',
  'Lamarr',
  'Liskov',
  'Rhodes',
  'Turing',
];
const NEW_USER_ONE_IN = 4;
/** Most logins are of people at the keyboard. */
const KINDS: readonly Kind[] = ['interactive', 'interactive', 'interactive', 'sso', 'refresh', 'silent'];

/** A login of somebody, who may be new, and is not just logging in elsewhere. */
export const drawLogin = (
  tenant: Tenant,
  busy: ReadonlySet<string>,
  addUser: (name: string, connection: string) => string,
): LoginRequest => {
  const isNew = Math.random() * NEW_USER_ONE_IN < 1;
  return {
    user: isNew
      ? addUser(`${draw(FIRST_NAMES)} ${draw(LAST_NAMES)}`, draw([...tenant.connections.keys()]))
      : draw([...tenant.users.keys()].filter((user) => !busy.has(user))),
    application: draw([...tenant.applications.keys()]),
    kind: isNew ? 'interactive' : draw(KINDS),
  };
};

const draw = <T>(elements: readonly T[]): T => elements[Math.floor(Math.random() * elements.length)] as T;
