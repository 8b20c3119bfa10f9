import { readSecret } from '../../../lib/secrets.ts';
import { settings } from '../../../lib/settings.ts';
import type { PlaygroundAction } from '../post-login-flow.ts';
import { declareSecrets, describeProblems } from '../secrets.ts';
import type { ActionState, SecretState } from '../state.ts';

export const toActionState = (action: PlaygroundAction, isBound: boolean): ActionState => ({
  name: action.name,
  isBound,
  destinations: action.sinks.map((sink) => sink.name),
  problem: describeProblems(action.sinks, action.secrets),
  secrets: toSecretStates(action),
});

const toSecretStates = ({ sinks, secrets, defaultSecrets }: PlaygroundAction): SecretState[] =>
  Object.entries(declareSecrets(sinks)).map(([name, declared]) => {
    const value = readSecret(secrets, name);
    const isSetting = name in settings;
    return {
      name,
      description: declared.description,
      isRequired: declared.required,
      isSet: value !== undefined,
      isEdited: secrets[name] !== defaultSecrets[name],
      defaultValue: declared.defaultValue ?? '',
      isSetting,
      ...(isSetting && !declared.sensitive && { value: value ?? '' }),
      choices: declared.choices ?? [],
    };
  });
