import type { Event } from '@auth0/actions/post-login/v3';
import { describe, expect, it } from 'vitest';
import { toLogin } from '../../lib/activity.ts';
import { exclusionList, getExclusion } from '../../lib/exclusions.ts';
import { login } from '../support/events.ts';

/** Why a login is excluded by a list, as the operator writes it. */
const exclude = (list: string, event: Event = login()): string | undefined => {
  const parsed = exclusionList.parse(list);
  if ('problem' in parsed) throw new RangeError(parsed.problem);
  return getExclusion(toLogin(event, new Date()), event, parsed.value);
};

const withUser = (changes: object): Event => login({ user: { ...login().user, ...changes } });

describe('exclusionList', () => {
  it('is empty where nothing is given', () => {
    expect(exclusionList.parse('')).toEqual({ value: [] });
  });

  it.each([
    ['acme.com', 'must be some of application=,connection=,organization=,domain=,flag='],
    ['email=ada@example.com', 'must be some of application=,connection=,organization=,domain=,flag='],
    ['domain=', 'must be some of application=,connection=,organization=,domain=,flag='],
    ['application=Acme, Inc', 'must be some of application=,connection=,organization=,domain=,flag='],
    ['flag=consent', 'needs a path like user.app_metadata.plan'],
    ['flag=!consent', 'needs a path like user.app_metadata.plan'],
    ['flag=secrets.token', 'cannot read secrets.token'],
  ])('rejects %s', (input, problem) => {
    expect(exclusionList.parse(input)).toEqual({ problem });
  });
});

describe('getExclusion', () => {
  it.each([
    ['an application by its id', 'application=gmOWNgklfRm4tyl5YYnl3JDSJy19h1bR', 'application'],
    ['an application by its name', 'application=All Applications', 'application'],
    ['a connection', 'connection=Username-Password-Authentication', 'connection'],
    ['an organization by its id', 'organization=org_juG7cAQ0CymOcVpV', 'organization'],
    ['an organization by its name', 'organization=my-organization', 'organization'],
    ['the domain of an e-mail address', 'domain=example.com', 'domain'],
    ['the domain of an e-mail address, written with an @', 'domain=@example.com', 'domain'],
  ])('excludes %s', (_, list, kind) => {
    expect(exclude(list)).toBe(`excluded by EXCLUDE (${kind})`);
  });

  it('compares without regard to case, and reads several entries', () => {
    expect(exclude('connection=Test , DOMAIN=Example.COM')).toBe('excluded by EXCLUDE (domain)');
  });

  it('excludes neither what is named otherwise nor a part of a name', () => {
    expect(exclude('application=All,connection=Username,organization=my,domain=example.org')).toBeUndefined();
  });

  it('takes only what follows the last @ for the domain, and no subdomain for its parent', () => {
    expect(exclude('domain=acme.com', withUser({ email: '"a@acme.com"@example.com' }))).toBeUndefined();
    expect(exclude('domain=acme.com', withUser({ email: 'ada@mail.acme.com' }))).toBeUndefined();
  });

  it('excludes nobody without what is compared', () => {
    const event = login({ user: { ...login().user, email: undefined } } as object);
    delete event.organization;
    expect(exclude('domain=undefined,organization=undefined', event)).toBeUndefined();
  });

  describe('with flag', () => {
    const FLAG = 'flag=user.user_metadata.no_analytics';
    const CONSENT = 'flag=!user.user_metadata.consent';
    const withMetadata = (user_metadata: unknown) => withUser({ user_metadata });

    it.each([true, 'true', 'yes', 1, '2026-01-31T09:30:00Z', { at: 'signup' }])(
      'counts %j as set',
      (value) => {
        expect(exclude(FLAG, withMetadata({ no_analytics: value }))).toBe('excluded by EXCLUDE (flag)');
        expect(exclude(CONSENT, withMetadata({ consent: value }))).toBeUndefined();
      },
    );

    // A sign-up form can store nothing but strings in user_metadata.
    it.each([false, 'false', 'False', ' no ', 'off', '0', 0, '', null, undefined])(
      'counts %j as not set',
      (value) => {
        expect(exclude(FLAG, withMetadata({ no_analytics: value }))).toBeUndefined();
        expect(exclude(CONSENT, withMetadata({ consent: value }))).toBe('excluded by EXCLUDE (flag)');
      },
    );

    it.each([undefined, null, 'nothing', {}])('counts a flag as not set in the metadata %j', (metadata) => {
      expect(exclude(FLAG, withMetadata(metadata))).toBeUndefined();
      expect(exclude(CONSENT, withMetadata(metadata))).toBe('excluded by EXCLUDE (flag)');
    });
  });
});
