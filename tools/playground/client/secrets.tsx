import { Fragment } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { SECRET_GROUPS, type SecretGroup } from '../secret-groups.ts';
import type { SecretState, State } from '../state.ts';
import { getAccent } from './accent.ts';
import { Confirmation } from './confirmation.tsx';
import { change, checkSecrets, failures } from './requests.ts';

/** Stands for a name where the settings of every Action are edited. */
export const EVERY_ACTION = '*';

interface Props {
  state: State;
  /** Of an Action, or `EVERY_ACTION`. */
  name: string;
  onClose: () => void;
}

/** The secrets of an Action. Those that are sensitive stay on the server: an empty field keeps the current one. */
export const SecretsDialog = ({ state, name, onClose }: Props) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const [values, setValues] = useState<Record<string, string | null>>({});
  const isForAll = name === EVERY_ACTION;
  // The bound ones come first: all have the same settings, and these are in use.
  const action = state.actions.find((candidate) => isForAll || candidate.name === name);
  const problems = useProblems(action?.name ?? '', values);
  const failure = useFailure();
  const [isAsking, setAsking] = useState(false);
  const [appliesToAll, setAppliesToAll] = useState(isForAll);
  useEffect(() => dialog.current?.showModal(), []);

  if (!action) return null;
  const settings = action.secrets.filter(({ isSetting }) => isSetting);
  const own = isForAll ? [] : action.secrets.filter(({ isSetting }) => !isSetting);
  const set = (secret: string) => (value: string | null | undefined) => {
    const { [secret]: _, ...others } = values;
    setValues(value === undefined ? others : { ...others, [secret]: value });
  };
  const toFields = (secrets: readonly SecretState[]) =>
    secrets.map((secret) => (
      <Secret
        key={secret.name}
        secret={secret}
        change={values[secret.name]}
        problem={problems[secret.name]}
        onChange={set(secret.name)}
      />
    ));

  const save = async (event: Event) => {
    event.preventDefault();
    const isSetting = (secret: string) => settings.some((setting) => setting.name === secret);
    const select = (predicate: (secret: string) => boolean) =>
      Object.fromEntries(Object.entries(values).filter(([secret]) => predicate(secret)));
    const everyAction = state.actions.map((other) => other.name);
    const saved = appliesToAll
      ? (await change('PUT', '/secrets', { actions: everyAction, values: select(isSetting) })) &&
        (await change('PUT', '/secrets', {
          actions: [action.name],
          values: select((secret) => !isSetting(secret)),
        }))
      : await change('PUT', '/secrets', { actions: [action.name], values });
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
    if (await change('DELETE', `/secrets/${action.name}`)) onClose();
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
            {!isForAll && <i class="dot" />}
            {isForAll ? 'Settings of every Action' : `Secrets of ${name}`}
          </h2>
          <button type="button" class="icon" aria-label="Close" onClick={close}>
            ×
          </button>
        </header>
        {!isForAll && action.problem && <p class="bad">Not configured: {action.problem}</p>}
        <p class="legend">
          {isForAll
            ? 'They are secrets of the Actions as well, and apply from the next login on.'
            : 'These secrets point to the mock vendor. Enter those of a real destination to send the next login there, over the network. Tokens and keys are never shown again.'}
        </p>
        {action.isCombined &&
          toDestinations(own).map(([destination, secrets]) => (
            <details key={destination} class="group" open={action.destinations.includes(destination)}>
              <summary>
                <b>{destination}</b>{' '}
                {!action.destinations.includes(destination) && <small>no secrets: nothing is sent</small>}
              </summary>
              {toFields(secrets)}
            </details>
          ))}
        {SECRET_GROUPS.map((group) => {
          const listed = action.isCombined ? settings : [...own, ...settings];
          const secrets = listed.filter((secret) => secret.group === group);
          return (
            secrets.length > 0 && (
              <section key={group} class="group" aria-labelledby={`group-${group}`}>
                <h3 id={`group-${group}`}>{GROUP_TITLES[group]}</h3>
                {toFields(secrets)}
              </section>
            )
          );
        })}
        {!isForAll && (
          <label class="check">
            <input
              type="checkbox"
              checked={appliesToAll}
              onChange={(event) => setAppliesToAll(event.currentTarget.checked)}
            />
            Apply the settings to every Action
          </label>
        )}
        {failure && (
          <p class="bad" role="alert">
            {failure}
          </p>
        )}
        <footer>
          {!isForAll && (
            <button type="button" onClick={restore}>
              Use the mock vendor
            </button>
          )}
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

const GROUP_TITLES: Readonly<Record<SecretGroup, string>> = {
  required: 'Required',
  delivery: 'Delivery',
  privacy: 'Privacy',
  event: 'Event',
};

/** The secrets of each destination, in the order of the groups. */
const toDestinations = (secrets: readonly SecretState[]) => {
  const names = [...new Set(secrets.flatMap(({ destination }) => destination ?? []))];
  const getOrder = ({ group }: SecretState) => SECRET_GROUPS.indexOf(group);
  return names.map((name) => {
    const own = secrets.filter(({ destination }) => destination === name);
    return [name, own.toSorted((a, b) => getOrder(a) - getOrder(b))] as const;
  });
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
  const { name, isRequired, description } = props.secret;
  const Input = getInput(props.secret);
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

const getInput = ({ value, choices, isPem }: SecretState) => {
  if (value === undefined) return Masked;
  if (isPem) return Pem;
  return choices.length > 0 ? Choice : Text;
};

const toAttributes = ({ secret: { name }, problem }: FieldProps) => ({
  id: name,
  'aria-invalid': problem !== undefined,
  'aria-describedby': problem === undefined ? `${name}-for` : `${name}-problem ${name}-for`,
});

/** Hidden, unless the user asks to see what is being typed. */
const Masked = (props: FieldProps) => {
  const { secret, change, onChange } = props;
  const { name, isSet, defaultValue } = secret;
  const [isVisible, setVisible] = useState(false);
  const placeholder = isSet ? '•••••••• (set)' : defaultValue || 'not set';
  return (
    <div class="value">
      <input
        {...toAttributes(props)}
        {...(isVisible ? { type: 'text' as const } : { type: 'password' as const })}
        autocomplete="new-password"
        value={change ?? ''}
        placeholder={change === null ? 'will be removed' : placeholder}
        onInput={(event) => onChange(event.currentTarget.value || undefined)}
      />
      <button
        type="button"
        class="text"
        aria-label={`Show ${name}`}
        aria-pressed={isVisible}
        disabled={!change}
        onClick={() => setVisible(!isVisible)}
      >
        Show
      </button>
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

const Choice = (props: FieldProps) => {
  const { value, defaultValue, choices } = props.secret;
  return (
    <select
      {...toAttributes(props)}
      value={(props.change ?? value) || defaultValue}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    >
      {choices.map((choice) => (
        <option key={choice}>{choice}</option>
      ))}
    </select>
  );
};

/** An empty one removes the secret. */
const toTextAttributes = ({ secret: { value = '', defaultValue }, change, onChange }: FieldProps) => ({
  autocomplete: 'off' as const,
  value: change === undefined ? value : (change ?? ''),
  placeholder: defaultValue,
  onInput: ({ currentTarget }: { currentTarget: { value: string } }) =>
    onChange(currentTarget.value === value ? undefined : currentTarget.value || null),
});

const Text = (props: FieldProps) => (
  <input {...toAttributes(props)} {...toTextAttributes(props)} spellcheck={false} />
);

const Pem = (props: FieldProps) => (
  <textarea
    {...toAttributes(props)}
    {...toTextAttributes(props)}
    class="pem"
    rows={3}
    spellcheck={false}
    placeholder="-----BEGIN CERTIFICATE-----"
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
