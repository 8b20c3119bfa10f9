/** A warm instance keeps its connection to a destination. */
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadBuilt } from '../../tools/simulator/built-actions.ts';
import { createSandbox } from '../../tools/simulator/sandbox.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import type { VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { loadSource } from '../support/source.ts';

const DATABASE = 'Username-Password-Authentication';

afterEach(() => void vi.restoreAllMocks());

describe.each([
  ['source', loadSource],
  ['bundle', loadBuilt],
] as const)('from its %s', (_, load) => {
  describe.each(vendors)('$name', ({ name }) => {
    const setUp = async () => {
      const stage = await createSandbox({
        names: [name],
        load,
        secrets: { KEENIO_LOGIN_COLLECTION: 'logins' },
      });
      onTestFinished(() => stage.close());
      const [destination] = stage.mocks as [VendorMock];
      stage.tenant.addApplication({ client_id: 'shop', name: 'Web shop' });
      stage.tenant.addConnection({ id: 'con_1', name: DATABASE, strategy: 'auth0' });
      stage.tenant.addUser({ user_id: 'auth0|ada', connection: DATABASE });
      const logIn = async () => {
        const { actions } = await stage.tenant.login({ user: 'auth0|ada', application: 'shop' });
        return actions.map(({ logs }) => logs).join('');
      };
      const arrived = () => destination.events.map(({ type }) => type).filter((type) => type !== 'other');
      return { destination, logIn, arrived };
    };

    it('serves all logins on one connection', async () => {
      const { destination, logIn, arrived } = await setUp();
      for (const _ of [1, 2, 3]) expect(await logIn()).toBe('');
      expect(arrived()).toEqual(['SignUp', 'Login', 'Login']);
      expect(destination.connections).toBe(1);
    });

    // Within the tick, as for an instance that was frozen meanwhile: nothing has told it yet.
    it('opens another connection for one that was closed while it was idle', async () => {
      const { destination, logIn, arrived } = await setUp();
      await logIn();
      for (const connections of [2, 3]) {
        destination.closeIdleConnections();
        expect(await logIn()).toBe('');
        expect(destination.connections).toBe(connections);
      }
      expect(arrived()).toEqual(['SignUp', 'Login', 'Login']);
      expect(destination.requests).toHaveLength(3);
    });

    it('opens others for all that were closed while they were idle', async () => {
      const { destination, logIn, arrived } = await setUp();
      await logIn();
      await Promise.all([logIn(), logIn()]);
      destination.closeIdleConnections();
      expect(await logIn()).toBe('');
      expect(arrived()).toEqual(['SignUp', 'Login', 'Login', 'Login']);
      expect(destination.requests).toHaveLength(4);
    });

    it('leaves all attempts for what else can go wrong', async () => {
      vi.spyOn(Math, 'random').mockReturnValue(0.01);
      const { destination, logIn, arrived } = await setUp();
      await logIn();
      destination.closeIdleConnections();
      destination.injectFault({ response: { status: 503 } }, { count: 2 });
      expect(await logIn()).toBe('');
      expect(arrived()).toEqual(['SignUp', 'Login']);
      expect(destination.requests).toHaveLength(4);
    });
  });
});
