import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { forgivenAttempts } from '../support/setup.ts';

describe('the guard of the network', () => {
  it('refuses a connection beyond loopback', () => {
    expect(() => connect({ host: '192.0.2.1', port: 80 })).toThrow('A test tried to reach 192.0.2.1');
    expect(forgivenAttempts()).toEqual(['192.0.2.1']);
  });

  it('refuses a request beyond loopback', () => {
    expect(() => http.get('http://example.com')).toThrow('A test tried to reach example.com');
    expect(forgivenAttempts()).toEqual(['example.com']);
  });

  it('knows by itself that a host under .invalid does not exist', async () => {
    const [error] = await once(http.get('http://nowhere.invalid'), 'error');
    expect(error).toMatchObject({ code: 'ENOTFOUND', hostname: 'nowhere.invalid' });
    expect(forgivenAttempts()).toEqual([]);
  });
});
