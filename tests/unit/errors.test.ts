import { describe, expect, it } from 'vitest';
import { getErrorName, RejectedError, rejectAt, UnavailableError } from '../../lib/errors.ts';
import { someLogins } from '../support/events.ts';

describe('RejectedError', () => {
  it.each([
    [undefined, "check the Action's secrets"],
    [400, "check the Action's secrets"],
    [401, "check the credentials in the Action's secrets"],
    [403, "check the credentials in the Action's secrets"],
    [302, "check the URL in the Action's secrets"],
    [404, "check the URL in the Action's secrets"],
    [405, "check the URL in the Action's secrets"],
    [410, 'the receiver has unsubscribed: unbind the Action, or change its URL'],
    [429, undefined],
  ])('tells who must act for the status %s', (status, hint) => {
    expect(new RejectedError('no', { status }).hint).toBe(hint);
  });

  it('lets a sink know better who must act', () => {
    expect(new RejectedError('no', { status: 400, hint: 'ask the vendor' }).hint).toBe('ask the vendor');
  });

  it('means by default that the others of a batch are accepted', () => {
    expect(new RejectedError('no').othersAccepted).toBe(true);
  });
});

describe('UnavailableError', () => {
  it('means an outage by default', () => {
    expect(new UnavailableError('not now').isOutage).toBe(true);
    expect(new UnavailableError('not now', { isOutage: false }).isOutage).toBe(false);
  });
});

describe('rejectAt', () => {
  const activities = someLogins(4);
  const details = { message: 'an event was rejected', status: 400, vendorMessage: 'Too long' };

  it('names the rejected activities of a batch', () => {
    const error = rejectAt(activities, [1, 3, 3], details);
    expect(error).toMatchObject({ ...details, rejected: [activities[1], activities[3]] });
  });

  it.each([[[]], [[-1]], [[4, 1.5, Number.NaN]]])('is undefined if a response names none: %j', (indexes) => {
    expect(rejectAt(activities, indexes, details)).toBeUndefined();
  });
});

describe('getErrorName', () => {
  it.each([
    [new TypeError('secret'), 'TypeError'],
    [{ name: 'RangeError' }, 'RangeError'],
    [{ name: 'two words' }, 'object'],
    [{ name: 'x'.repeat(41) }, 'object'],
    [{ name: 7 }, 'object'],
    ['secret', 'string'],
    [undefined, 'undefined'],
    [null, 'object'],
    [() => {}, 'function'],
  ])('names %s as %s', (error, name) => {
    expect(getErrorName(error)).toBe(name);
  });

  it('names an error whose name throws by its type', () => {
    const get = () => {
      throw new Error('secret');
    };
    expect(getErrorName(Object.defineProperty(new Error(), 'name', { get }))).toBe('object');
  });
});
