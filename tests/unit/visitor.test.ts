import { describe, expect, it } from 'vitest';
import { toVisitor } from '../../lib/visitor.ts';
import { login } from '../support/events.ts';

const PATH = ['request', 'query', 'ext-anonymous_id'];

const withQuery = (query: Record<string, unknown>) =>
  login({ request: { ...login().request, query: query as Record<string, string> } });

describe('toVisitor', () => {
  it('reads the anonymous id at its path', () => {
    const event = withQuery({ 'ext-anonymous_id': '8f2d7c1e', 'ext-visitor': 'v-17' });
    expect(toVisitor(event, PATH).anonymousId).toBe('8f2d7c1e');
    expect(toVisitor(event, ['request', 'query', 'ext-visitor']).anonymousId).toBe('v-17');
  });

  it("falls back to the user of Auth0's anonymous session", () => {
    const event = { ...withQuery({}), anonymous_session: { user_id: 'anon|17' } };
    expect(toVisitor(event, PATH).anonymousId).toBe('anon|17');
    const both = {
      ...withQuery({ 'ext-anonymous_id': '8f2d7c1e' }),
      anonymous_session: { user_id: 'anon|17' },
    };
    expect(toVisitor(both, PATH).anonymousId).toBe('8f2d7c1e');
  });

  it.each(
    'utm_source utm_medium utm_campaign utm_term utm_content utm_id gclid gbraid wbraid dclid fbclid msclkid ttclid twclid li_fat_id'.split(
      ' ',
    ),
  )('reads %s as a part of the campaign', (name) => {
    expect(toVisitor(withQuery({ [name]: 'value' }), PATH).campaign).toEqual({ [name]: 'value' });
  });

  it('reads session, referrer and campaign, plain or as ext- parameters', () => {
    const event = withQuery({
      session_id: 's-1',
      'ext-referrer': 'https://news.example.com/a',
      utm_source: 'newsletter',
      'ext-utm_medium': 'email',
      'ext-gclid': 'Cj0KCQ',
    });
    expect(toVisitor(event, PATH)).toEqual({
      anonymousId: undefined,
      sessionId: 's-1',
      referrer: 'https://news.example.com/a',
      campaign: { utm_source: 'newsletter', utm_medium: 'email', gclid: 'Cj0KCQ' },
    });
  });

  it('prefers the plain parameter where both are given', () => {
    const event = withQuery({ utm_source: 'plain', 'ext-utm_source': 'ext' });
    expect(toVisitor(event, PATH).campaign).toEqual({ utm_source: 'plain' });
  });

  it('takes no other parameter for a campaign', () => {
    const event = withQuery({ utm_unknown: 'x', scope: 'openid', 'ext-plan': 'gold' });
    expect(toVisitor(event, PATH).campaign).toEqual({});
  });

  it.each([
    ['an empty string', ''],
    ['a repeated parameter', ['a', 'b']],
    ['an object', { a: '1' }],
  ])('ignores %s', (_, value) => {
    const event = withQuery({
      'ext-anonymous_id': value,
      session_id: value,
      referrer: value,
      utm_source: value,
    });
    expect(toVisitor(event, PATH)).toEqual({ campaign: {} });
  });

  it('is empty for a login without a request, or without a query', () => {
    expect(toVisitor({ user: {} }, PATH)).toEqual({ campaign: {} });
    expect(toVisitor({ user: {}, request: {} }, PATH)).toEqual({ campaign: {} });
  });
});
