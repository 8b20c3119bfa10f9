import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { takeAttempts } from '../support/setup.ts';

describe('network guard', () => {
  it('blocks a connection beyond loopback', () => {
    expect(() => connect({ host: '192.0.2.1', port: 80 })).toThrow('A test tried to reach 192.0.2.1');
    expect(takeAttempts()).toEqual(['192.0.2.1']);
  });

  it('blocks a request beyond loopback', () => {
    expect(() => http.get('http://example.com')).toThrow('A test tried to reach example.com');
    expect(takeAttempts()).toEqual(['example.com']);
  });

  it('resolves no host under .invalid, without asking a name server', async () => {
    const [error] = await once(http.get('http://nowhere.invalid'), 'error');
    expect(error).toMatchObject({ code: 'ENOTFOUND', hostname: 'nowhere.invalid' });
    expect(takeAttempts()).toEqual([]);
  });
});
