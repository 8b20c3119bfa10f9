import { describe, expect, it } from 'vitest';
import { getSecretGroup } from '../../tools/playground/secret-groups.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';

const sinks = await loadSinks();

describe('getSecretGroup', () => {
  it.each([
    ['SPLUNK_HEC_TOKEN', true, 'required'],
    ['SPLUNK_TLS_VERIFY', false, 'delivery'],
    ['MIXPANEL_HOST', false, 'delivery'],
    ['HASH_KEY', false, 'privacy'],
    ['PROPERTIES', false, 'event'],
  ])('groups %s', (name, isRequired, group) => {
    expect(getSecretGroup(name, isRequired)).toBe(group);
  });

  it.each(sinks.map((sink) => [sink.name, sink] as const))(
    "puts the names of %s's events, and no credential, into the group of the event",
    (_, { secrets }) => {
      for (const [name, { required, sensitive }] of Object.entries(secrets)) {
        const group = getSecretGroup(name, required);
        if (name.endsWith('_EVENT')) expect(group, name).toBe('event');
        if (sensitive) expect(group, name).not.toBe('event');
      }
    },
  );
});
