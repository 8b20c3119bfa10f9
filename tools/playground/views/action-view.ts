import { certificates } from '../../../lib/formats.ts';
import { readSecret, selectConfigured } from '../../../lib/secrets.ts';
import { settings } from '../../../lib/settings.ts';
import type { PlaygroundAction } from '../post-login-flow.ts';
import { getSecretGroup } from '../secret-groups.ts';
import { declareSecrets, describeProblems, getDeadlineMs } from '../secrets.ts';
import type { ActionState, SecretState } from '../state.ts';

export const toActionState = (action: PlaygroundAction, isBound: boolean): ActionState => ({
  name: action.name,
  isBound,
  destinations: selectConfigured(action.sinks, (sink) => sink.secrets, action.secrets).map(
    (sink) => sink.name,
  ),
  isCombined: action.sinks.length > 1,
  deadlineMs: getDeadlineMs(action.secrets),
  problem: describeProblems(action.sinks, action.secrets),
  secrets: toSecretStates(action),
});

const toSecretStates = ({ sinks, secrets, defaultSecrets }: PlaygroundAction): SecretState[] =>
  Object.entries(declareSecrets(sinks)).map(([name, declared]) => {
    const value = readSecret(secrets, name);
    const isSetting = name in settings;
    const destination = sinks.find((sink) => name in sink.secrets)?.name;
    return {
      name,
      description: declared.description,
      isRequired: declared.required,
      isSet: value !== undefined,
      isEdited: secrets[name] !== defaultSecrets[name],
      defaultValue: declared.defaultValue ?? '',
      isSetting,
      group: getSecretGroup(name, declared.required),
      ...(destination !== undefined && { destination }),
      isPem: declared.parse === certificates.parse,
      ...(!declared.sensitive && { value: value ?? '' }),
      choices: declared.choices ?? [],
    };
  });
