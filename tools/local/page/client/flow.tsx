import type { ActionState, State } from '../state.ts';
import { accentOf } from './accent.ts';
import { change } from './server.ts';

/** What a login goes through, in order, as in Auth0's editor of the flow. */
export const Flow = ({ state, onEdit }: { state: State; onEdit: (name: string) => void }) => {
  const bound = state.actions.filter(({ isBound }) => isBound);
  const others = state.actions.filter(({ isBound }) => !isBound);
  const names = bound.map(({ name }) => name);
  const arrange = (actions: readonly string[]) => change('PUT', '/flow', { actions });
  const move = (index: number, by: -1 | 1) => {
    const name = names[index] as string;
    arrange(names.toSpliced(index, 1).toSpliced(index + by, 0, name));
  };

  return (
    <section class="flow-section" aria-labelledby="flow">
      <h2 id="flow">Post-login flow</h2>
      <ol class="flow">
        <li class="end">User logs in</li>
        {bound.map((action, index) => (
          <li key={action.name} class={`step ${accentOf(state, action.name)}`}>
            <Step action={action} onEdit={onEdit} />
            <button
              type="button"
              class="icon"
              aria-label={`Move ${action.name} up`}
              disabled={index === 0}
              onClick={() => move(index, -1)}
            >
              ↑
            </button>
            <button
              type="button"
              class="icon"
              aria-label={`Move ${action.name} down`}
              disabled={index === bound.length - 1}
              onClick={() => move(index, 1)}
            >
              ↓
            </button>
            <button
              type="button"
              class="icon"
              aria-label={`Unbind ${action.name}`}
              title="Unbind"
              onClick={() => arrange(names.toSpliced(index, 1))}
            >
              ×
            </button>
          </li>
        ))}
        <li class="end">Token issued</li>
      </ol>
      {others.length > 0 && (
        <>
          <h3>Not bound</h3>
          <ul class="flow">
            {others.map((action) => (
              <li key={action.name} class={`step unbound ${accentOf(state, action.name)}`}>
                <Step action={action} onEdit={onEdit} />
                <button
                  type="button"
                  class="text"
                  aria-label={`Bind ${action.name}`}
                  onClick={() => arrange([...names, action.name])}
                >
                  Bind
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
};

const Step = ({ action, onEdit }: { action: ActionState; onEdit: (name: string) => void }) => {
  const isChanged = action.secrets.some((secret) => secret.isChanged);
  return (
    <button
      type="button"
      class="name"
      aria-label={`Secrets of ${action.name}`}
      title="Secrets and settings"
      onClick={() => onEdit(action.name)}
    >
      <i class="dot" />
      {action.name}
      {action.problem ? <small class="bad">not configured</small> : isChanged && <small>edited</small>}
    </button>
  );
};
