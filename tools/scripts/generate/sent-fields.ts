/** Which fields of Auth0's event are sent, to whom, and how to leave them out. */
import { groupBy } from '../../../lib/group-by.ts';
import { applyPrivacy } from '../../../lib/privacy.ts';
import { settings } from '../../../lib/settings.ts';
import type { DestinationFile } from './destination-file.ts';
import { LOGIN } from './example.ts';
import { code, list, table } from './markdown.ts';
import { EVENT_FIELDS, getLeaves, getPayloadFields } from './origins.ts';

/** The names of fields that the descriptions of the privacy settings list. */
const PRIVACY_NAMES: ReadonlySet<string> = new Set(
  `${settings.OMIT_FIELDS.description} ${settings.HASH_FIELDS.description}`
    .match(/`[^`]+`/g)
    ?.flatMap((names) => names.match(/\w+/g) ?? []),
);

/** The settings that change a field of an activity. */
const getPrivacySettings = (field: string): string[] =>
  (['OMIT_FIELDS', 'HASH_FIELDS'] as const).flatMap((setting) =>
    [...PRIVACY_NAMES]
      .filter((name) => isChangedBy(setting, name, field))
      .map((name) => code(`${setting}=${name}`)),
  );

const isChangedBy = (setting: 'OMIT_FIELDS' | 'HASH_FIELDS', name: string, field: string): boolean => {
  const parsed = settings[setting].parse(name);
  if (!('value' in parsed)) return false;
  const none = { OMIT_FIELDS: [], HASH_FIELDS: [], HASH_KEY: 'example' };
  const changed = applyPrivacy(LOGIN, { ...none, [setting]: parsed.value });
  return getLeaves(changed).get(field) !== getLeaves(LOGIN).get(field);
};

export const fieldsTable = (destinations: readonly DestinationFile[]): string => {
  const sent = destinations.map(({ name, sink }) => ({
    name,
    fields: getPayloadFields(sink).map(({ activityField }) => activityField),
  }));
  const groups = groupBy([...EVENT_FIELDS], ([, { name }]) => name);
  return table(
    ["Field of Auth0's event", 'Example', 'Sent to', 'To leave it out'],
    Array.from(groups, ([eventField, group]) => {
      const fields = group.map(([field]) => field);
      const isSent = (names: ReadonlyArray<string | undefined>) =>
        fields.some((field) => names.includes(field));
      const receivers = sent.filter((destination) => isSent(destination.fields)).map(({ name }) => name);
      const others = sent.map(({ name }) => name).filter((name) => !receivers.includes(name));
      return [
        code(eventField),
        group.map(([, { example }]) => code(example))[0] ?? '',
        describeReceivers(receivers, others),
        [...new Set(fields.flatMap(getPrivacySettings))].join(' or ') || '–',
      ];
    }),
  );
};

const describeReceivers = (receivers: readonly string[], others: readonly string[]): string => {
  if (others.length === 0) return 'every destination';
  return others.length < receivers.length ? `all but ${list(others)}` : list(receivers);
};
