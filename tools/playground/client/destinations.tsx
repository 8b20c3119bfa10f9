import { Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { DestinationState, State } from '../state.ts';
import { getAccent } from './accent.ts';
import { failureLabel, formatMs, formatTime } from './labels.ts';
import { change } from './requests.ts';

/** Those that the flow delivers to, or has delivered to. */
const getShown = ({ actions, destinations }: State): readonly DestinationState[] => {
  const reached = new Set(actions.flatMap((action) => (action.isBound ? action.destinations : [])));
  return destinations.filter(({ name, signUps, logins }) => reached.has(name) || signUps + logins > 0);
};

export const Destinations = ({ state, onEdit }: { state: State; onEdit: (name: string) => void }) => (
  <section aria-labelledby="destinations">
    <h2 id="destinations">Destinations</h2>
    <div class="cards">
      {getShown(state).map((destination) => (
        <Card
          key={destination.name}
          destination={destination}
          modes={state.modes}
          accent={getAccent(state, destination.name)}
          onEdit={onEdit}
        />
      ))}
    </div>
  </section>
);

interface Props {
  destination: DestinationState;
  modes: State['modes'];
  accent: string;
  onEdit: (name: string) => void;
}

const Card = ({ destination, modes, accent, onEdit }: Props) => {
  const { name, mode, isRedirected, signUps, logins, duplicates, latency, activities } = destination;
  const { failures, isFailing, buffered, flushed, dropped, circuitOpenUntil, links } = destination;
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  const description = modes.find(({ value }) => value === mode)?.description;
  return (
    <article class={`card ${accent} ${isFailing ? 'failing' : ''}`} aria-label={name}>
      <header>
        <h3>
          <i class="dot" />
          {name}
        </h3>
        <a href={links.documentation} target="_blank" rel="noreferrer" aria-label={`Docs of ${name}`}>
          Docs
        </a>
        <button type="button" class="text" aria-label={`Secrets of ${name}`} onClick={() => onEdit(name)}>
          Secrets
        </button>
      </header>
      <select
        aria-label={`Mode of ${name}`}
        value={mode}
        onChange={(event) => change('PUT', `/destinations/${name}/mode`, { mode: event.currentTarget.value })}
      >
        {modes.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {description && <p class="note">{description}</p>}
      <dl class="counts">
        <div>
          <dt>SignUps</dt>
          <dd class="sign-up">{signUps}</dd>
        </div>
        <div>
          <dt>Logins</dt>
          <dd>{logins}</dd>
        </div>
        <div>
          <dt>Duplicates</dt>
          <dd class={duplicates > 0 ? '' : 'none'}>{duplicates}</dd>
        </div>
      </dl>
      <p class="delivery">
        {circuitOpenUntil !== null && <Circuit openUntil={circuitOpenUntil} />}
        {failed > 0 && (
          <span class="bad">
            {failed} failed: {describeFailures(failures)}
          </span>
        )}
        {buffered > 0 && <span>{buffered} buffered</span>}
        {flushed > 0 && (
          <span title="Delivered from the retry buffer after a later success">{flushed} flushed</span>
        )}
        {dropped > 0 && <span class="bad">{dropped} lost</span>}
      </p>
      <Chart destination={destination} />
      <p class="latency">
        {latency
          ? Object.entries(latency).map(([name, ms], index) => (
              <Fragment key={name}>
                {index > 0 && ' · '}
                <span>
                  {name} {formatMs(ms)}
                </span>
              </Fragment>
            ))
          : 'Nothing accepted yet'}
      </p>
      {isRedirected && (
        <p class="note">Its Action sends to another server. This is what the mock vendor received.</p>
      )}
      {activities.length === 0 && <p class="note">No activity yet.</p>}
      <ol class="activities" aria-label={`Latest activities at ${name}`}>
        {activities.map(({ key, at, type, user, isDuplicate }) => (
          <li key={key} class={isDuplicate ? 'duplicate' : ''}>
            <span class={type === 'SignUp' ? 'type sign-up' : 'type'}>{type}</span>
            <span class="user">{user}</span>
            <time dateTime={at}>{isDuplicate ? 'duplicate' : formatTime(at)}</time>
          </li>
        ))}
      </ol>
    </article>
  );
};

const describeFailures = (failures: DestinationState['failures']): string =>
  Object.entries(failures)
    .map(([code, count]) => `${failureLabel(code)}${count > 1 ? ` ×${count}` : ''}`)
    .join(', ');

/** Counts down until a login may probe the destination. */
const Circuit = ({ openUntil }: { openUntil: number }) => {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.ceil((openUntil - now) / 1000);
  return (
    <b class="bad" title="After 3 consecutive failures, logins no longer wait for this destination">
      {seconds > 0 ? `Circuit open, probe in ${seconds} s` : 'Half-open: the next login probes'}
    </b>
  );
};

const BAR = 10;
const BAR_WIDTH = 8;
const HEIGHT = 36;

const Chart = ({ destination: { name, chart } }: { destination: DestinationState }) => {
  const highest = Math.max(4, ...chart.map(({ signUps, logins }) => signUps + logins));
  const scaled = (count: number) => (count / highest) * HEIGHT;
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${chart.length * BAR} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`SignUps and Logins at ${name} in the last two minutes`}
    >
      {chart.map(({ signUps, logins }, index) => (
        <g key={index}>
          <rect
            class="logins"
            x={index * BAR}
            width={BAR_WIDTH}
            y={HEIGHT - scaled(logins)}
            height={scaled(logins)}
          />
          <rect
            class="sign-ups"
            x={index * BAR}
            width={BAR_WIDTH}
            y={HEIGHT - scaled(logins + signUps)}
            height={scaled(signUps)}
          />
        </g>
      ))}
    </svg>
  );
};
