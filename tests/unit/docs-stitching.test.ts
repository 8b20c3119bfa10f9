/** The snippets of docs/stitching.md, and the file that they use. */
import { describe, expect, it } from 'vitest';
import { parseAuthorizeUrl } from '../../tools/simulator/auth0/authorize.ts';
import {
  CAMPAIGN,
  getSnippet,
  LOGINS,
  SDKS,
  type SdkName,
  startLogin,
  stitching,
  Tab,
  VISIT,
} from '../support/stitching.ts';

const vendors = Object.keys(SDKS) as SdkName[];

const openShop = (): Tab => new Tab().open(VISIT.url, VISIT.referrer).open('https://shop.example.com/cart');

/** Has Auth0 judge parameters. */
const authorize = (parameters: Readonly<Record<string, string>>): Record<string, string> =>
  parseAuthorizeUrl(`https://example.eu.auth0.com/authorize?${new URLSearchParams(parameters)}`);

describe.each(vendors)('the snippets for %s', (vendor) => {
  it.each(LOGINS)('pass the visitor and the campaign along with %s', (login) => {
    const parameters = startLogin(openShop(), vendor, login);
    expect(parameters).toMatchObject({ ...SDKS[vendor].visitor, ...CAMPAIGN });
    expect(authorize(parameters)).toEqual(parameters);
  });

  it.each(LOGINS)('start the login with %s although the SDK could not be loaded', (login) => {
    const [name = ''] = Object.keys(SDKS[vendor].sdk);
    const parameters = startLogin(openShop(), vendor, login, { [name]: undefined });
    expect(parameters).toMatchObject(CAMPAIGN);
    expect(parameters).not.toHaveProperty('ext-anonymous_id');
  });
});

describe('the snippet for Segment', () => {
  const instance = SDKS.Segment.sdk.analytics;

  it('works with the package, whose methods return promises', () => {
    const analytics = { instance, user: () => Promise.resolve(instance.user()) };
    expect(startLogin(openShop(), 'Segment', 'auth0-spa-js', { analytics })).toMatchObject(
      SDKS.Segment.visitor,
    );
  });

  it('passes no id along before the package has loaded', () => {
    const analytics = { user: () => new Promise(() => {}) };
    expect(startLogin(openShop(), 'Segment', 'auth0-spa-js', { analytics })).toEqual(CAMPAIGN);
  });
});

describe('the snippet for a plain redirect', () => {
  it('keeps the other parameters of /authorize', () => {
    const tab = openShop();
    startLogin(tab, 'PostHog', 'A plain redirect');
    expect(tab.navigations).toHaveLength(1);
    const url = new URL(tab.navigations[0] ?? '');
    expect(url.origin + url.pathname).toBe('https://example.eu.auth0.com/authorize');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'kX3wQ9LrT6nVb2YcJ8sDfHm4ZaPeUg7R',
      redirect_uri: 'https://shop.example.com/callback',
      scope: 'openid profile email',
    });
  });
});

describe('the snippet for every page', () => {
  it('imports what there is', () => {
    const [, names = ''] =
      /^import \{ (.*) \} from '\.\/stitching\.js';$/m.exec(getSnippet('1. Add the file')) ?? [];
    expect(Object.keys(stitching)).toEqual(expect.arrayContaining(names.split(', ')));
  });
});

describe('toExtParameters', () => {
  it.each([
    ['letters, digits and all that Auth0 accepts', 'aZ09-_.*~@+ /:'],
    ['the longest value', 'x'.repeat(255)],
    ["Google's client id", 'GA1.2.1234567890.1769851500'],
    ['a number', 1769851500000],
  ])('keeps %s', (_, value) => {
    expect(authorize(stitching.toExtParameters({ id: value }))).toEqual({ 'ext-id': String(value) });
  });

  it.each<[string, unknown]>([
    ['an empty value', ''],
    ['a value that is too long', 'x'.repeat(256)],
    ['undefined', undefined],
    ['null', null],
    ['an umlaut', 'Grüße'],
    ['a line break', 'a\nb'],
    ...[...'%=?&,|<>"\'\\()[]{};!$^`#'].map((character): [string, string] => [
      `a ${character}`,
      `a${character}b`,
    ]),
  ])('leaves out %s', (_, value) => {
    expect(stitching.toExtParameters({ id: value, ok: 1 })).toEqual({ 'ext-ok': '1' });
  });

  it.each(['', 'a b', 'ä', 'x'.repeat(29)])('leaves out the name "%s"', (name) => {
    expect(stitching.toExtParameters({ [name]: 'x', ok: 1 })).toEqual({ 'ext-ok': '1' });
  });

  it('keeps the first ten', () => {
    const values = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`p${index}`, index]));
    expect(Object.keys(stitching.toExtParameters(values)).at(-1)).toBe('ext-p9');
    expect(Object.keys(authorize(stitching.toExtParameters(values)))).toHaveLength(10);
  });
});

describe('rememberVisit', () => {
  const getCampaign = (tab: Tab) => tab.run(() => stitching.getExtParameters(() => ({})));

  it('keeps the page on which the visit began', () => {
    expect(getCampaign(openShop())).toEqual(CAMPAIGN);
  });

  it('takes a later campaign of the same visit', () => {
    const tab = openShop().open(
      'https://shop.example.com/?utm_source=search&gclid=Cj0KCQ',
      'https://search.example.com/',
    );
    expect(getCampaign(tab)).toEqual({
      'ext-utm_source': 'search',
      'ext-gclid': 'Cj0KCQ',
      'ext-referrer': 'https://search.example.com/',
    });
  });

  it('takes no page of the application for a referrer', () => {
    expect(
      getCampaign(new Tab().open('https://shop.example.com/cart', 'https://shop.example.com/shoes')),
    ).toEqual({});
    expect(getCampaign(new Tab().open('https://shop.example.com/cart'))).toEqual({});
  });

  it('harms nobody where the browser forbids storage', () => {
    const tab = new Tab();
    tab.sessionStorage.set = tab.sessionStorage.get = () => {
      throw new DOMException('denied', 'SecurityError');
    };
    expect(getCampaign(tab.open(VISIT.url, VISIT.referrer))).toEqual({});
  });

  it('leaves out what Auth0 would reject', () => {
    const tab = new Tab().open(
      'https://shop.example.com/?utm_source=a%7Cb&utm_medium=mailing&utm_term=gr%C3%BCn',
    );
    expect(getCampaign(tab)).toEqual({ 'ext-utm_medium': 'mailing' });
  });
});

describe('parseAuthorizeUrl', () => {
  const URL_WITH = 'https://example.eu.auth0.com/authorize?client_id=a';

  it('returns the query', () => {
    expect(parseAuthorizeUrl(`${URL_WITH}&ext-id=a+b&utm_source=x%7Cy`)).toEqual({
      client_id: 'a',
      'ext-id': 'a b',
      utm_source: 'x|y',
    });
  });

  it.each([
    ['&ext-id=a%7Cb', '"ext-id" with value a|b fails to match the required pattern'],
    ['&ext-id=', '"ext-id" with value  fails to match the required pattern'],
    [`&ext-${'n'.repeat(29)}=a`, 'is not allowed'],
    [
      Array.from({ length: 11 }, (_, index) => `&ext-${index}=a`).join(''),
      'must have less than or equal to 10 keys with "ext-" prefix',
    ],
  ])('rejects %s, as Auth0 does', (query, problem) => {
    expect(() => parseAuthorizeUrl(URL_WITH + query)).toThrow(problem);
  });
});
