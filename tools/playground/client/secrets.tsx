import { Fragment } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SecretState, State } from '../state.ts';
import { accentOf } from './accent.ts';
import { change } from './requests.ts';

interface Props {
  state: State;
  name: string;
  onClose: () => void;
}

/** What Auth0's editor calls secrets. Their values stay on the server: an empty field leaves one as it is. */
export const SecretsDialog = ({ state, name, onClose }: Props) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const [values, setValues] = useState<Record<string, string | null>>({});
  const [forAll, setForAll] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  const action = state.actions.find((candidate) => candidate.name === name);
  if (!action) return null;
  const own = action.secrets.filter(({ isSetting }) => !isSetting);
  const settings = action.secrets.filter(({ isSetting }) => isSetting);
  const set = (secret: string) => (value: string | null) => setValues({ ...values, [secret]: value });

  const save = async (event: Event) => {
    event.preventDefault();
    const isSetting = (secret: string) => settings.some((setting) => setting.name === secret);
    const pick = (isWanted: (secret: string) => boolean) =>
      Object.fromEntries(Object.entries(values).filter(([secret]) => isWanted(secret)));
    const everyAction = state.actions.map((other) => other.name);
    const saved = forAll
      ? (await change('PUT', '/secrets', { actions: everyAction, values: pick(isSetting) })) &&
        (await change('PUT', '/secrets', { actions: [name], values: pick((secret) => !isSetting(secret)) }))
      : await change('PUT', '/secrets', { actions: [name], values });
    if (saved) onClose();
  };

  const restore = async () => {
    if (await change('DELETE', `/secrets/${name}`)) onClose();
  };

  return (
    <dialog
      class={`secrets ${accentOf(state, name)}`}
      ref={dialog}
      onClose={onClose}
      aria-labelledby="secrets"
    >
      <form onSubmit={save}>
        <header>
          <h2 id="secrets">
            <i class="dot" />
            Secrets of {name}
          </h2>
          <button type="button" class="icon" aria-label="Close" onClick={onClose}>
            ×
          </button>
        </header>
        {action.problem && <p class="bad">Not configured: {action.problem}</p>}
        <p class="legend">
          They lead to the embedded destination. Give those of a real one, and the next login is sent there,
          off this machine. No value is shown again.
        </p>
        {own.map((secret) => (
          <Secret
            key={secret.name}
            secret={secret}
            change={values[secret.name]}
            onChange={set(secret.name)}
          />
        ))}
        <h3>Settings</h3>
        {settings.map((secret) => (
          <Secret
            key={secret.name}
            secret={secret}
            change={values[secret.name]}
            onChange={set(secret.name)}
          />
        ))}
        <label class="check">
          <input
            type="checkbox"
            checked={forAll}
            onChange={(event) => setForAll(event.currentTarget.checked)}
          />
          Change these settings of every Action
        </label>
        <footer>
          <button type="button" onClick={restore}>
            Use the embedded destination
          </button>
          <button type="submit" class="primary">
            Save
          </button>
        </footer>
      </form>
    </dialog>
  );
};

interface FieldProps {
  secret: SecretState;
  /** What is to be saved: null takes the secret away, undefined leaves it. */
  change: string | null | undefined;
  onChange: (value: string | null) => void;
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
      <small id={`${name}-for`}>
        <Description text={description} />
      </small>
    </div>
  );
};

const Masked = ({ secret: { name, isSet, fallback }, change, onChange }: FieldProps) => {
  const kept = isSet ? '•••••••• (set)' : fallback || 'not set';
  return (
    <div class="value">
      <input
        id={name}
        type="password"
        autocomplete="new-password"
        value={change ?? ''}
        placeholder={change === null ? 'will be removed' : kept}
        aria-describedby={`${name}-for`}
        onInput={(event) => onChange(event.currentTarget.value)}
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

const Choice = ({ secret: { name, value, fallback, choices }, change, onChange }: FieldProps) => (
  <select
    id={name}
    value={(change ?? value) || fallback}
    aria-describedby={`${name}-for`}
    onChange={(event) => onChange(event.currentTarget.value)}
  >
    {choices.map((choice) => (
      <option key={choice}>{choice}</option>
    ))}
  </select>
);

const Text = ({ secret: { name, value, fallback }, change, onChange }: FieldProps) => (
  <input
    id={name}
    autocomplete="off"
    value={change === undefined ? (value ?? '') : (change ?? '')}
    placeholder={fallback}
    aria-describedby={`${name}-for`}
    onInput={(event) => onChange(event.currentTarget.value || null)}
  />
);

/** What stands between backticks is code. */
const Description = ({ text }: { text: string }) => (
  <>
    {text.split('`').map((part, index) => (
      <Fragment key={index}>{index % 2 ? <code>{part}</code> : part}</Fragment>
    ))}
  </>
);
