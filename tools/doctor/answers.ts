/**
 * What the answers of the destinations mean, and who must change what. A destination that is missing here gets the
 * general explanation, which is also what its Action logs.
 */

export interface Answer {
  readonly status: number;
  /** How the text of the answer begins, where the status alone does not tell. */
  readonly text?: string;
  readonly means: string;
}

const OURS = 'Splunk, or what is in front of it, does not read what the Action sends: report it';
const ROOM = "Splunk's administrators must give it room: more indexers, or larger queues";
const ENABLE =
  'a Splunk administrator must enable the token in Settings > Data inputs > HTTP Event Collector';
const COPY = 'copy SPLUNK_HEC_TOKEN again from Settings > Data inputs > HTTP Event Collector';
const ALLOW = 'a Splunk administrator must allow the token this index, or correct SPLUNK_INDEX';
const CHANNEL = 'the token has indexer acknowledgement: set SPLUNK_CHANNEL to a GUID of your own';
const NO_CHANNEL = 'the token has no indexer acknowledgement: remove SPLUNK_CHANNEL';
const NO_ACK = 'take a token without indexer acknowledgement, which the Action does not ask for';
const REPAIR = "Splunk's administrators must repair acknowledgements, or switch them off for the token";

/**
 * Text and code belong together as Splunk documents it.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
 */
const HEC_CODES: ReadonlyArray<readonly [code: number, status: number, text: string, means: string]> = [
  [1, 403, 'Token disabled', ENABLE],
  [2, 401, 'Token is required', 'something between here and Splunk takes the Authorization header away'],
  [3, 401, 'Invalid authorization', 'SPLUNK_HEC_TOKEN must be the bare token, as Splunk shows it'],
  [4, 403, 'Invalid token', COPY],
  [5, 400, 'No data', OURS],
  [6, 400, 'Invalid data format', OURS],
  [7, 400, 'Incorrect index', ALLOW],
  [8, 500, 'Internal server error', "Splunk's administrators find the cause in splunkd.log"],
  [9, 503, 'Server is busy', ROOM],
  [10, 400, 'Data channel is missing', CHANNEL],
  [11, 400, 'Invalid data channel', 'set SPLUNK_CHANNEL to another GUID'],
  [12, 400, 'Event field is required', OURS],
  [13, 400, 'Event field cannot be blank', OURS],
  [14, 400, 'ACK is disabled', NO_CHANNEL],
  [15, 400, 'Error in handling indexed fields', OURS],
  [16, 400, 'Query string authorization is not enabled', 'take the query out of SPLUNK_HEC_URL'],
  // Before 18, whose text is its beginning.
  [20, 503, 'HEC is unhealthy, queues are full, ack service unavailable', ROOM],
  [18, 503, 'HEC is unhealthy, queues are full', ROOM],
  [19, 503, 'HEC is unhealthy, ack service unavailable', REPAIR],
  [21, 400, 'Invalid token', COPY],
  [22, 400, 'Token disabled', ENABLE],
  [23, 503, 'Server is shutting down', 'run this again when Splunk is back'],
  [24, 200, 'HEC queue is approaching its capacity limit', ROOM],
  [25, 200, 'HEC ACK is approaching its capacity limit', NO_ACK],
  [26, 429, 'HEC queue is at capacity', ROOM],
  [27, 429, 'HEC ACK channel is at capacity', NO_ACK],
];

const splunk: readonly Answer[] = [
  ...HEC_CODES.map(([code, status, text, means]) => ({
    status,
    text,
    means: `${text} (HEC code ${code}): ${means}`,
  })),
  // Splunk Web, port 8000, sends everyone to its login page.
  {
    status: 303,
    means: 'this is Splunk Web: SPLUNK_HEC_URL must have the port of the collector, 8088 by default',
  },
  {
    status: 404,
    means: 'no HTTP Event Collector here: check host and port in SPLUNK_HEC_URL, and that HEC is enabled',
  },
];

/** https://keen.io/docs/api/ */
const keen: readonly Answer[] = [
  {
    status: 401,
    means: "the key is not the project's: copy KEENIO_WRITE_KEY again from the project's Access page",
  },
  {
    status: 404,
    means: 'Keen knows no such project: copy KEENIO_PROJECT_ID again, and check KEENIO_URL if it is set',
  },
  {
    status: 400,
    means:
      'Keen does not take the event: check the names of the collections in KEENIO_SIGNUP_COLLECTION and KEENIO_LOGIN_COLLECTION',
  },
];

/** https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#errors */
const segment: readonly Answer[] = [
  {
    status: 200,
    means:
      'Segment answers the same to an unknown write key and to the wrong region, too: look into the debugger of the source, https://segment.com/docs/connections/sources/debugger/',
  },
  { status: 400, means: 'the event is too large or malformed: check SEGMENT_INTEGRATIONS' },
  { status: 401, means: 'the server does not know the key: copy SEGMENT_WRITE_KEY again from the source' },
  { status: 404, means: "the server does not speak Segment's protocol: check SEGMENT_HOST" },
  { status: 429, means: 'the workspace is over its rate limit: ask Segment for more, or try again' },
];

const BY_SINK: Readonly<Record<string, readonly Answer[]>> = {
  splunk,
  keen,
  segment,
  'segment-http': segment,
};

/** The explanation of an answer, if the destination has one for it. */
export const meaningOf = (sinkName: string, status: number | undefined, text: string): string | undefined =>
  BY_SINK[sinkName]?.find(
    (answer) => answer.status === status && text.toLowerCase().startsWith(answer.text?.toLowerCase() ?? ''),
  )?.means;
