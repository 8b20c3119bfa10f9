import { Fragment } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SecretState, State } from '../state.ts';
import { getAccent } from './accent.ts';
import { Confirmation } from './confirmation.tsx';
import { change, checkSecrets, failures } from './requests.ts';

interface Props {
  state: State;
  name: string;
  onClose: () => void;
}

/** The secrets of an Action. Their values stay on the server: an empty field keeps the current one. */
export const SecretsDialog = ({ state, name, onClose }: Props) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const [values, setValues] = useState<Record<string, string | null>>({});
  const problems = useProblems(name, values);
  const failure = useFailure();
  const [isAsking, setAsking] = useState(false);
  const [appliesToAll, setAppliesToAll] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  const action = state.actions.find((candidate) => candidate.name === name);
  if (!action) return null;
  const own = action.secrets.filter(({ isSetting }) => !isSetting);
  const settings = action.secrets.filter(({ isSetting }) => isSetting);
  const set = (secret: string) => (value: string | null | undefined) => {
    const { [secret]: _, ...others } = values;
    setValues(value === undefined ? others : { ...others, [secret]: value });
  };

  const save = async (event: Event) => {
    event.preventDefault();
    const isSetting = (secret: string) => settings.some((setting) => setting.name === secret);
    const select = (predicate: (secret: string) => boolean) =>
      Object.fromEntries(Object.entries(values).filter(([secret]) => predicate(secret)));
    const everyAction = state.actions.map((other) => other.name);
    const saved = appliesToAll
      ? (await change('PUT', '/secrets', { actions: everyAction, values: select(isSetting) })) &&
        (await change('PUT', '/secrets', { actions: [name], values: select((secret) => !isSetting(secret)) }))
      : await change('PUT', '/secrets', { actions: [name], values });
    if (saved) onClose();
  };

  const isChanged = Object.keys(values).length > 0;
  const close = () => (isChanged ? setAsking(true) : onClose());
  const askOnEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !isChanged) return;
    event.preventDefault();
    setAsking(true);
  };

  const restore = async () => {
    if (await change('DELETE', `/secrets/${name}`)) onClose();
  };

  return (
    <dialog
      class={`secrets ${getAccent(state, name)}`}
      ref={dialog}
      onClose={onClose}
      onKeyDown={askOnEscape}
      aria-labelledby="secrets"
    >
      <form onSubmit={save}>
        <header>
          <h2 id="secrets">
            <i class="dot" />
            Secrets of {name}
          </h2>
          <button type="button" class="icon" aria-label="Close" onClick={close}>
            ×
          </button>
        </header>
        {action.problem && <p class="bad">Not configured: {action.problem}</p>}
        <p class="legend">
          These secrets point to the mock vendor. Enter those of a real destination to send the next login
          there, over the network. Values are never shown again.
        </p>
        {own.map((secret) => (
          <Secret
            key={secret.name}
            secret={secret}
            change={values[secret.name]}
            problem={problems[secret.name]}
            onChange={set(secret.name)}
          />
        ))}
        <h3>Settings</h3>
        {settings.map((secret) => (
          <Secret
            key={secret.name}
            secret={secret}
            change={values[secret.name]}
            problem={problems[secret.name]}
            onChange={set(secret.name)}
          />
        ))}
        <label class="check">
          <input
            type="checkbox"
            checked={appliesToAll}
            onChange={(event) => setAppliesToAll(event.currentTarget.checked)}
          />
          Apply these settings to every Action
        </label>
        {failure && (
          <p class="bad" role="alert">
            {failure}
          </p>
        )}
        <footer>
          <button type="button" onClick={restore}>
            Use the mock vendor
          </button>
          <button type="submit" class="primary">
            Save
          </button>
        </footer>
      </form>
      {isAsking && (
        <Confirmation
          question="Discard what you typed?"
          action="Discard"
          onConfirm={onClose}
          onCancel={() => setAsking(false)}
        />
      )}
    </dialog>
  );
};

const CHECK_DELAY_MS = 150;

/** What the Action's own declarations find wrong with what was typed so far. */
const useProblems = (action: string, values: Readonly<Record<string, string | null>>) => {
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const found = await checkSecrets(action, values);
      if (isCurrent) setProblems(found);
    }, CHECK_DELAY_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [action, values]);
  return problems;
};

/** The banner is behind the dialog. */
const useFailure = () => {
  const [failure, setFailure] = useState('');
  useEffect(() => {
    const show = (event: Event) => setFailure((event as CustomEvent<string>).detail);
    failures.addEventListener('failure', show);
    return () => failures.removeEventListener('failure', show);
  }, []);
  return failure;
};

interface FieldProps {
  secret: SecretState;
  /** The value to save. Null removes the secret, undefined keeps it. */
  change: string | null | undefined;
  problem: string | undefined;
  onChange: (value: string | null | undefined) => void;
}

const Secret = (props: FieldProps) => {
  const { name, isRequired, value, choices, description } = props.secret;
  const Input = value === undefined ? Masked : choices.length > 0 ? Choice : Text;
  return (
    <div class="field">
      <span>
        <label for={name}>
          <code>{name}</code>
        </label>
        {isRequired && ' *'}
      </span>
      <Input {...props} />
      {props.problem && (
        <small class="bad" id={`${name}-problem`}>
          {name} {props.problem}
        </small>
      )}
      <small id={`${name}-for`}>
        <Description text={description} />
      </small>
    </div>
  );
};

const Masked = ({ secret: { name, isSet, defaultValue }, change, problem, onChange }: FieldProps) => {
  const placeholder = isSet ? '•••••••• (set)' : defaultValue || 'not set';
  return (
    <div class="value">
      <input
        id={name}
        type="password"
        autocomplete="new-password"
        value={change ?? ''}
        placeholder={change === null ? 'will be removed' : placeholder}
        aria-invalid={problem !== undefined}
        aria-describedby={`${name}-for ${name}-problem`}
        onInput={(event) => onChange(event.currentTarget.value || undefined)}
      />
      <button
        type="button"
        class="text"
        aria-label={`Remove ${name}`}
        disabled={!isSet}
        onClick={() => onChange(null)}
      >
        Remove
      </button>
    </div>
  );
};

const Choice = ({ secret: { name, value, defaultValue, choices }, change, onChange }: FieldProps) => (
  <select
    id={name}
    value={(change ?? value) || defaultValue}
    aria-describedby={`${name}-for`}
    onChange={(event) => onChange(event.currentTarget.value)}
  >
    {choices.map((choice) => (
      <option key={choice}>{choice}</option>
    ))}
  </select>
);

const Text = ({ secret: { name, value, defaultValue }, change, problem, onChange }: FieldProps) => (
  <input
    id={name}
    autocomplete="off"
    value={change === undefined ? (value ?? '') : (change ?? '')}
    placeholder={defaultValue}
    aria-invalid={problem !== undefined}
    aria-describedby={`${name}-for ${name}-problem`}
    onInput={(event) => onChange(event.currentTarget.value || null)}
  />
);

/** Shows the parts between backticks as code. */
const Description = ({ text }: { text: string }) => (
  <>
    {text.split('`').map((part, index) => (
      <Fragment key={index}>{index % 2 ? <code>{part}</code> : part}</Fragment>
    ))}
  </>
);
