import { useRef } from 'preact/hooks';
import type { ActionState, State } from '../state.ts';
import { getAccent } from './accent.ts';
import { formatMs } from './labels.ts';
import { change as send } from './requests.ts';
import { EVERY_ACTION } from './secrets.tsx';

/** The post-login flow, as in Auth0's flow editor. */
export const Flow = ({ state, onEdit }: { state: State; onEdit: (name: string) => void }) => {
  const bound = state.actions.filter(({ isBound }) => isBound);
  const others = state.actions.filter(({ isBound }) => !isBound);
  const reached = bound.flatMap(({ destinations }) => destinations);
  const duplicated = [...new Set(reached.filter((name, index) => reached.indexOf(name) < index))];
  const isSplit = bound.filter(({ isCombined }) => !isCombined).length > 1;
  const longestMs = bound.reduce((sum, { deadlineMs }) => sum + deadlineMs, 0);
  const heading = useRef<HTMLHeadingElement>(null);
  const change = (action: string, step: 'up' | 'down' | 'bind' | 'unbind') =>
    send('PUT', '/flow', { action, step });
  const combine = async () => {
    await send('PUT', '/flow', { step: 'combine' });
    heading.current?.focus();
  };
  /** The pressed button disappears, so the focus moves to the heading. */
  const changeAndFocusHeading = async (action: string, step: 'bind' | 'unbind') => {
    await change(action, step);
    heading.current?.focus();
  };

  return (
    <section class="flow-section" aria-labelledby="flow">
      <h2 id="flow" tabIndex={-1} ref={heading}>
        Post-login flow
      </h2>
      <ol class="flow">
        <li class="end">User logs in</li>
        {bound.map((action, index) => (
          <li key={action.name} class={`step ${getAccent(state, action.name)}`}>
            <Step action={action} onEdit={onEdit} />
            <button
              type="button"
              class="icon"
              aria-label={`Move ${action.name} up`}
              disabled={index === 0}
              onClick={() => change(action.name, 'up')}
            >
              ↑
            </button>
            <button
              type="button"
              class="icon"
              aria-label={`Move ${action.name} down`}
              disabled={index === bound.length - 1}
              onClick={() => change(action.name, 'down')}
            >
              ↓
            </button>
            <button
              type="button"
              class="icon"
              aria-label={`Unbind ${action.name}`}
              title="Unbind"
              onClick={() => changeAndFocusHeading(action.name, 'unbind')}
            >
              ×
            </button>
          </li>
        ))}
        <li class="end">
          Token issued{longestMs > 0 && `, after at most ${formatMs(longestMs)} for analytics`}
        </li>
      </ol>
      {isSplit && (
        <div class="advice">
          <p>
            <b>Recommended:</b> one Action for several destinations. A login then waits for the slowest of
            them, not for their sum.
          </p>
          <button type="button" onClick={combine}>
            Combine into one Action
          </button>
        </div>
      )}
      <button type="button" onClick={() => onEdit(EVERY_ACTION)}>
        Properties and settings…
      </button>
      {duplicated.length > 0 && (
        <p class="legend">Recorded twice, as two Actions deliver there: {duplicated.join(', ')}.</p>
      )}
      {others.length > 0 && (
        <>
          <h3>Add to the flow</h3>
          <ul class="chips">
            {others.map(({ name, isCombined }) => (
              <li key={name}>
                <button
                  type="button"
                  aria-label={`Bind ${name}`}
                  onClick={() => changeAndFocusHeading(name, 'bind')}
                >
                  + {name}
                  {isCombined && <small> (several destinations)</small>}
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
  const isEdited = action.secrets.some((secret) => secret.isEdited);
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
      {action.isCombined && <small>{action.destinations.join(', ')}</small>}
      {action.problem ? <small class="bad">not configured</small> : isEdited && <small>edited</small>}
    </button>
  );
};
