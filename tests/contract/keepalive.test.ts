/** A warm instance keeps its connection to a destination. Over real sockets, because the wire is the point. */
import { describe, expect, it } from 'vitest';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import type { VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { getTypes, openSandbox } from '../support/sandbox.ts';
import { loadSource } from '../support/source.ts';
import { useSteadyClock } from '../support/steady-clock.ts';

useSteadyClock();

describe.each([
  ['source', loadSource],
  ['bundle', loadBuilt],
] as const)('the %s', (_, load) => {
  describe.each(vendors.map(({ name }) => name))('of %s', (name) => {
    const open = async () => {
      const sandbox = await openSandbox({ names: [name], load });
      const [mock] = sandbox.mocks as [VendorMock];
      const deliver = async () => {
        expect((await sandbox.logIn()).outcomes).toMatchObject([{ status: 'delivered' }]);
      };
      return { mock, deliver };
    };

    it('delivers all logins on one connection', async () => {
      const { mock, deliver } = await open();
      for (const _ of ['SignUp', 'Login', 'Login']) await deliver();
      expect(getTypes(mock)).toEqual(['SignUp', 'Login', 'Login']);
      expect(mock.connections).toBe(1);
    });

    // Without a pause, as for an instance that was frozen meanwhile: nothing has told it yet.
    it('replaces a connection that was closed while it was idle', async () => {
      const { mock, deliver } = await open();
      await deliver();
      for (const connections of [2, 3]) {
        mock.closeIdleConnections();
        await deliver();
        expect(mock.connections).toBe(connections);
      }
      expect(getTypes(mock)).toEqual(['SignUp', 'Login', 'Login']);
      expect(mock.requests).toHaveLength(3);
    });

    it('replaces several connections that were closed while they were idle', async () => {
      const { mock, deliver } = await open();
      await deliver();
      await Promise.all([deliver(), deliver()]);
      mock.closeIdleConnections();
      await deliver();
      expect(getTypes(mock)).toEqual(['SignUp', 'Login', 'Login', 'Login']);
      expect(mock.requests).toHaveLength(4);
    });

    it('has all attempts left after it replaced a connection', async () => {
      const { mock, deliver } = await open();
      await deliver();
      mock.closeIdleConnections();
      mock.injectFault({ response: { status: 503 } }, { count: 2 });
      await deliver();
      expect(getTypes(mock)).toEqual(['SignUp', 'Login']);
      expect(mock.requests).toHaveLength(4);
    });
  });
});
