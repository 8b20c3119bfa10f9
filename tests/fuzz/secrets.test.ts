import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { ConfigError } from '../../lib/errors.ts';
import { parseSecrets } from '../../lib/settings.ts';
import { getSinks, hostileString, sinkNames, someSecrets } from './arbitraries.ts';
import { cpuMs, property } from './property.ts';

const parse = (name: string, input: unknown): unknown => {
  const [sink] = getSinks([name]);
  if (!sink) throw new Error(`no sink ${name}`);
  try {
    return parseSecrets(sink, input);
  } catch (error) {
    return error;
  }
};

describe('the secrets of an Action, whatever they are', () => {
  const input = sinkNames.chain(([name = '']) =>
    fc.record({ name: fc.constant(name), secrets: someSecrets([name]) }),
  );

  property(
    'are parsed, or each that is malformed is named',
    input,
    ({ name, secrets }) => {
      const result = parse(name, secrets);
      if (!(result instanceof Error)) return;
      expect(result).toBeInstanceOf(ConfigError);
      const { problems } = result as ConfigError;
      expect(problems.size).toBeGreaterThan(0);
      expect([...problems].join()).toMatch(/^[ -~…]+$/);
    },
    { runs: 150 },
  );

  property(
    'are the same object as long as they are the same strings',
    input,
    ({ name, secrets }) => {
      const first = parse(name, secrets);
      const second = parse(name, { ...secrets, UNKNOWN: 'of another Action' });
      if (first instanceof Error) expect(second).toEqual(first);
      else expect(second).toBe(first);
    },
    { runs: 100 },
  );

  property(
    'are parsed in a few milliseconds, however long they are',
    fc.record({ name: sinkNames.map(([name]) => name), value: hostileString }),
    ({ name = '', value }) => {
      const [sink] = getSinks([name]);
      const everySecret = Object.keys({ ...sink?.secrets });
      const secrets = Object.fromEntries(everySecret.map((secret) => [secret, value.slice(0, 4096)]));
      expect(cpuMs(() => parse(name, secrets))).toBeLessThan(100);
    },
    { runs: 100 },
  );

  property(
    'are never named with a sensitive value',
    sinkNames.chain(([name = '']) => {
      const declared = Object.entries(getSinks([name])[0]?.secrets ?? {});
      const sensitive = declared.flatMap(([secret, { sensitive }]) => (sensitive ? [secret] : []));
      return fc.record({
        name: fc.constant(name),
        secret: fc.constantFrom(...sensitive),
        value: fc
          .string({ unit: 'binary-ascii', minLength: 12, maxLength: 60 })
          .map((text) => `~${text.trim()}~ ~`),
      });
    }),
    ({ name, secret, value }) => {
      const result = parse(name, { [secret]: value });
      expect(result).toBeInstanceOf(ConfigError);
      expect((result as ConfigError).message).not.toContain(value.slice(1, 12));
    },
    { runs: 80 },
  );
});
