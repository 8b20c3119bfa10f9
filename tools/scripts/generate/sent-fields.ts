/** Which fields of Auth0's event are sent, to whom, and how to leave them out. */
import { groupBy } from '../../../lib/group-by.ts';
import { applyPrivacy } from '../../../lib/privacy.ts';
import { HASHABLE_FIELDS, OMITTABLE_FIELDS, OMITTED_BY_DEFAULT } from '../../../lib/settings.ts';
import type { DestinationFile } from './destination-file.ts';
import { LOGIN } from './example.ts';
import { code, list, table } from './markdown.ts';
import { EVENT_FIELDS, getLeaves, getPayloadFields } from './origins.ts';

const NAMES = { OMIT_FIELDS: OMITTABLE_FIELDS, HASH_FIELDS: HASHABLE_FIELDS };

/** The settings that change a field of an activity. */
const getPrivacySettings = (field: string): string[] =>
  (['OMIT_FIELDS', 'HASH_FIELDS'] as const).flatMap((setting) =>
    NAMES[setting]
      .filter((name) => isChangedBy(setting, name, field))
      .map((name) => code(`${setting}=${name}`)),
  );

const isChangedBy = (setting: keyof typeof NAMES, name: string, field: string): boolean => {
  const none = { OMIT_FIELDS: [], HASH_FIELDS: [], HASH_KEY: 'example' };
  const changed = applyPrivacy(LOGIN, { ...none, [setting]: [name] });
  return getLeaves(changed).get(field) !== getLeaves(LOGIN).get(field);
};

/** How to leave a field out, or that it is left out. */
const describePrivacy = (fields: readonly string[]): string => {
  if (fields.some((field) => OMITTED_BY_DEFAULT.some((name) => isChangedBy('OMIT_FIELDS', name, field))))
    return 'left out by default';
  return [...new Set(fields.flatMap(getPrivacySettings))].join(' or ') || '–';
};

export const fieldsTable = (destinations: readonly DestinationFile[]): string => {
  const sent = destinations.map(({ name, sink }) => ({
    name,
    fields: getPayloadFields(sink).flatMap(({ activityFields }) => activityFields),
  }));
  const groups = groupBy([...EVENT_FIELDS], ([, { name }]) => name);
  return table(
    ["Field of Auth0's event", 'Example', 'Sent to', 'To leave it out'],
    Array.from(groups, ([eventField, group]) => {
      const fields = group.map(([field]) => field);
      const isSent = (names: readonly string[]) => fields.some((field) => names.includes(field));
      const receivers = sent.filter((destination) => isSent(destination.fields)).map(({ name }) => name);
      const others = sent.map(({ name }) => name).filter((name) => !receivers.includes(name));
      return [
        code(eventField),
        group.map(([, { example }]) => code(example))[0] ?? '',
        describeReceivers(receivers, others),
        describePrivacy(fields),
      ];
    }),
  );
};

const describeReceivers = (receivers: readonly string[], others: readonly string[]): string => {
  if (others.length === 0) return 'every destination';
  return others.length < receivers.length ? `all but ${list(others)}` : list(receivers);
};
