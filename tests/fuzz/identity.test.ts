import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { loginId, signUpId, toLogin } from '../../lib/activity.ts';
import type { LoginEvent } from '../../lib/login-event.ts';
import { toRecorded } from '../../lib/privacy.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { eventChanges, hostileString, loginInput, toHostileEvent, validSettings } from './arbitraries.ts';
import { property } from './property.ts';

const UUID = /^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/** What an event must not lack, here. */
const nonEmpty = hostileString.filter((value) => value !== '');

const toActivity = (event: object, type: 'SignUp' | 'Login', settings: object, now = new Date()) =>
  toRecorded(toLogin(event as LoginEvent, now), type, parseSecrets({ secrets: {} }, settings));

describe('the id of an activity', () => {
  property(
    'is the same for every SignUp of a user in a tenant, whatever else the events hold and whenever they come',
    fc.record({
      userId: nonEmpty,
      tenant: hostileString,
      settings: validSettings,
      events: fc.array(
        fc.record({ login: loginInput, changes: eventChanges, now: fc.date({ noInvalidDate: true }) }),
        {
          minLength: 2,
          maxLength: 4,
        },
      ),
    }),
    ({ userId, tenant, settings, events }) => {
      const ids = events.map(({ login, changes, now }) => {
        const changed = changes.filter(({ kind, path }) => kind !== 'throw' && path[0] !== 'tenant');
        const event: object = toHostileEvent(
          login,
          changed.filter(({ path }) => path.join() !== 'user'),
        );
        Reflect.set(event, 'tenant', { id: tenant });
        Reflect.set(Reflect.get(event, 'user'), 'user_id', userId);
        return toActivity(event, 'SignUp', settings, now).id;
      });
      expect(new Set(ids).size).toBe(1);
      expect(ids[0]).toMatch(UUID);
    },
    { runs: 60 },
  );

  const identity = fc.tuple(hostileString, nonEmpty);

  property(
    'differs for different users and tenants, whatever their names are',
    fc.tuple(identity, identity),
    ([[tenant, userId], [otherTenant, otherUserId]]) => {
      const isSame = tenant === otherTenant && userId === otherUserId;
      expect(signUpId(tenant, userId) === signUpId(otherTenant, otherUserId)).toBe(isSame);
      expect(loginId(tenant, userId) === loginId(otherTenant, otherUserId)).toBe(isSame);
      expect(signUpId(tenant, userId)).not.toBe(loginId(tenant, userId));
    },
    { runs: 80 },
  );

  property(
    'differs for user ids that differ in one code unit, wherever it is',
    fc.tuple(
      fc.string({ unit: codeUnit(), minLength: 1, maxLength: 2000, size: 'max' }),
      fc.nat(),
      codeUnit(),
    ),
    ([userId, position, unit]) => {
      const index = position % userId.length;
      const other = userId.slice(0, index) + unit + userId.slice(index + 1);
      expect(signUpId('tenant', userId) === signUpId('tenant', other)).toBe(userId === other);
    },
    { runs: 150 },
  );

  property(
    'is the same for every Login of a transaction, and another for every Login without one',
    fc.record({ login: loginInput, transaction: nonEmpty, changes: eventChanges, settings: validSettings }),
    ({ login, transaction, changes, settings }) => {
      const isHarmless = ({ kind, path }: { kind: string; path: readonly string[] }) =>
        kind !== 'throw' && !['user', 'tenant', 'transaction'].includes(path[0] ?? '');
      const ids = [[], changes.filter(isHarmless)].map((some) => {
        const event: object = toHostileEvent(login, some);
        Reflect.set(event, 'transaction', { id: transaction });
        return toActivity(event, 'Login', settings).id;
      });
      expect(ids[0]).toBe(ids[1]);
      expect(ids[0]).toMatch(UUID);
      const withoutTransaction = () =>
        toActivity(toHostileEvent({ ...login, transaction: undefined }, []), 'Login', settings).id;
      expect(withoutTransaction()).not.toBe(withoutTransaction());
    },
    { runs: 80 },
  );
});

function codeUnit() {
  return fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
}
