import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Activity } from '../../lib/activity.ts';
import { ConfigError, NotMarkedError, RejectedError, UnavailableError } from '../../lib/errors.ts';
import { explain, log, type Outcome, report, summarize } from '../../lib/log.ts';
import { LOGIN, SIGN_UP, someLogins } from '../support/events.ts';

const SECRETS = { TOKEN: ' 5f1d9a6e-t0ken ', INDEX: 'main', SHORT: 'abc', NUMBER: 7, NONE: undefined };
const CHECK_CREDENTIALS = "check the credentials in the Action's secrets";
const CHECK_ADDRESS = "check the address in the Action's secrets";
const CHECK_SECRETS = "check the Action's secrets";
const AGAIN = "sent again at the user's next login";

describe('a line', () => {
  let lines: unknown[][];
  beforeEach(() => {
    lines = [];
    vi.spyOn(console, 'log').mockImplementation((...line) => void lines.push(line));
  });
  afterEach(() => void vi.restoreAllMocks());

  it('has the name of the sink before it', () => {
    log('splunk', ['Login delivered in 12 ms']);
    expect(lines).toEqual([['[splunk] Login delivered in 12 ms']]);
  });

  it('is cut to 255 characters', () => {
    log('splunk', ['x'.repeat(300)]);
    expect(lines).toEqual([[`[splunk] ${'x'.repeat(245)}…`]]);
  });

  it.each<[given: number[], expected: number[]]>([
    [[245], [245]],
    [[246], [246]],
    [[247], [246]],
    [
      [100, 144],
      [100, 144],
    ],
    [
      [100, 300],
      [100, 144],
    ],
    [
      [300, 20, 300],
      [111, 20, 111],
    ],
    [
      [300, 300, 300, 300],
      [60, 60, 60, 60],
    ],
  ])('of parts of %j characters has %j of each', (given, expected) => {
    log(
      'splunk',
      given.map((length) => 'x'.repeat(length)),
    );
    const parts = lines.flatMap(([line]) => String(line).slice('[splunk] '.length).split('; '));
    expect(parts.map(({ length }) => length)).toEqual(expected);
    expect(parts.map((part) => part.endsWith('…'))).toEqual(
      expected.map((length, index) => length < (given[index] ?? 0)),
    );
  });

  it('is not written if there is nothing to say', () => {
    log('splunk', []);
    expect(lines).toEqual([]);
  });

  it('is not written if the console fails, and that is all', () => {
    vi.mocked(console.log).mockImplementation(() => {
      throw new Error('EPIPE');
    });
    expect(() => log('splunk', ['Login delivered in 12 ms'])).not.toThrow();
  });
});

describe('what there is to say', () => {
  const delivery = { durationMs: 12, along: 0 };
  const outcome = (name: string, error: unknown): Outcome => ({ name, activity: SIGN_UP, error });
  const unavailable = new UnavailableError('no answer within 3000 ms');

  it('of one destination does not repeat its name', () => {
    expect(summarize('splunk', [outcome('splunk', unavailable)], {})).toEqual([
      'SignUp not delivered: no answer within 3000 ms',
    ]);
  });

  it('of several is each part with its name, and what they have in common once', () => {
    const outcomes = [
      outcome('splunk', unavailable),
      outcome('keen', new RejectedError('401 Unauthorized', { status: 401 })),
      outcome('segment', unavailable),
    ];
    expect(summarize('all', outcomes, {})).toEqual([
      'splunk, segment: SignUp not delivered: no answer within 3000 ms',
      `keen: SignUp not delivered: 401 Unauthorized; ${CHECK_CREDENTIALS}; ${AGAIN}`,
    ]);
  });

  it('of their secrets is one part', () => {
    const problem = (name: string) =>
      new ConfigError(
        new Map([
          ['SHARED', 'is odd'],
          [name, 'is missing'],
        ]),
      );
    expect(
      summarize('all', [outcome('splunk', problem('TOKEN')), outcome('keen', problem('KEY'))], {}),
    ).toEqual(['splunk, keen: Not configured: SHARED is odd; TOKEN is missing; KEY is missing']);
  });

  it('of a success is nothing but with LOG=all, or where something kept was lost', () => {
    const refusal = { error: new RejectedError('400 Bad Request', { status: 400 }), refused: someLogins(1) };
    const outcomes: Outcome[] = [
      { name: 'splunk', activity: SIGN_UP, delivery },
      { name: 'keen', skipped: 'Login skipped: the destination is not set up for it' },
      { name: 'segment', activity: LOGIN, delivery: { ...delivery, refusal } },
    ];
    const lost = 'segment: Login delivered in 12 ms; 1 kept refused and dropped: 400 Bad Request';
    expect(summarize('all', outcomes, {})).toEqual([lost]);
    expect(summarize('all', outcomes, { LOG: 'all' })).toEqual([
      'splunk: SignUp delivered in 12 ms',
      'keen: Login skipped: the destination is not set up for it',
      lost,
    ]);
  });
});

describe('secrets that are missing or malformed', () => {
  it('are explained', () => {
    const error = new ConfigError(
      new Map([
        ['TOKEN', 'is missing'],
        ['URL', 'must be an https URL'],
      ]),
    );
    expect(explain(error, undefined, {})).toBe('Not configured: TOKEN is missing; URL must be an https URL');
  });

  it('are named if the explanation is too long', () => {
    const names = Array.from({ length: 14 }, (_, index) => `SECRET_${index}`);
    const error = new ConfigError(new Map(names.map((name) => [name, 'must be true or false'])));
    expect(explain(error, undefined, {})).toBe(`Not configured, correct ${names.join(' ')}`);
  });
});

describe('an activity that was refused', () => {
  it('because its user is throttled is explained, and nobody must act', () => {
    const error = new RejectedError('429 Too Many Requests', { status: 429 });
    expect(explain(error, LOGIN, {})).toBe('Login not delivered: 429 Too Many Requests');
    expect(explain(error, SIGN_UP, {})).toBe(`SignUp not delivered: 429 Too Many Requests; ${AGAIN}`);
  });

  it.each([
    [401, CHECK_CREDENTIALS],
    [403, CHECK_CREDENTIALS],
    [404, CHECK_ADDRESS],
    [301, CHECK_ADDRESS],
    [400, CHECK_SECRETS],
    [413, CHECK_SECRETS],
  ])('with %d is explained, and who must act', (status, advice) => {
    const error = new RejectedError(`${status} As Node says`, { status, vendorText: 'As the vendor says' });
    expect(explain(error, LOGIN, SECRETS)).toBe(
      `Login not delivered: ${status} As the vendor says; ${advice}`,
    );
    expect(explain(error, SIGN_UP, SECRETS)).toBe(
      `SignUp not delivered: ${status} As the vendor says; ${advice}; ${AGAIN}`,
    );
  });

  it("is explained in Node's words where the destination has none", () => {
    expect(explain(new RejectedError('400 Bad Request', { status: 400 }), LOGIN, SECRETS)).toBe(
      `Login not delivered: 400 Bad Request; ${CHECK_SECRETS}`,
    );
  });

  it('without a status is explained in the words of the destination', () => {
    const error = new RejectedError('an event was refused', { vendorText: 'Too many properties' });
    expect(explain(error, LOGIN, SECRETS)).toBe(`Login not delivered: Too many properties; ${CHECK_SECRETS}`);
  });
});

describe('a destination that is unavailable', () => {
  const unavailable = (...args: ConstructorParameters<typeof UnavailableError>) => {
    const error = new UnavailableError(...args);
    error.fate = ', after 3 attempts in 0.4 s; kept for later';
    return error;
  };

  it('is explained by its answer and the fate of the activity', () => {
    const error = unavailable('503 Service Unavailable', { status: 503, vendorText: 'Server is busy' });
    expect(explain(error, SIGN_UP, SECRETS)).toBe(
      'SignUp not delivered: 503 Server is busy, after 3 attempts in 0.4 s; kept for later',
    );
  });

  it('is explained by what happened where there is no answer, and who must act', () => {
    const error = unavailable('cannot connect: CERT_HAS_EXPIRED', {
      advice: "check the destination's certificate",
    });
    expect(explain(error, LOGIN, SECRETS)).toBe(
      'Login not delivered: cannot connect: CERT_HAS_EXPIRED, after 3 attempts in 0.4 s; kept for later; ' +
        "check the destination's certificate",
    );
  });
});

describe('any other failure', () => {
  it('to mark a SignUp is explained', () => {
    expect(explain(new NotMarkedError('anything'), SIGN_UP, SECRETS)).toBe(
      'SignUp delivered, but app_metadata did not take the mark',
    );
  });

  it.each([
    [new TypeError('auth0|5f7c8ec7c33c6c004bbafe82 is not iterable'), 'TypeError'],
    [new Error('5f1d9a6e-t0ken'), 'Error'],
    ['auth0|5f7c8ec7c33c6c004bbafe82', 'string'],
    [undefined, 'undefined'],
    [null, 'object'],
  ])('is explained without its words: %s', (error, kind) => {
    expect(explain(error, SIGN_UP, SECRETS)).toBe(`SignUp not delivered: unexpected ${kind}`);
    expect(explain(error, undefined, undefined)).toBe(`Login not delivered: unexpected ${kind}`);
  });
});

describe('a success', () => {
  const delivery = { durationMs: 12, along: 0 };

  it('is reported with the time it took', () => {
    expect(report(SIGN_UP, delivery, SECRETS)).toBe('SignUp delivered in 12 ms');
  });

  it('is reported with what went along', () => {
    expect(report(LOGIN, { ...delivery, along: 7 }, SECRETS)).toBe('Login delivered in 12 ms, with 7 kept');
  });

  it('is reported with what was refused and dropped', () => {
    const error = new RejectedError('400 Bad Request', { status: 400, vendorText: 'Too long' });
    const refusal = { error, refused: someLogins(2) };
    expect(report(LOGIN, { ...delivery, refusal }, SECRETS)).toBe(
      'Login delivered in 12 ms; 2 kept refused and dropped: 400 Too long',
    );
    expect(report(LOGIN, { ...delivery, along: 7, refusal }, SECRETS)).toBe(
      'Login delivered in 12 ms, with 7 kept; 2 kept refused and dropped: 400 Too long',
    );
  });

  it('is reported with what a destination without a status says of a refusal', () => {
    const error = new RejectedError('an event was refused', { vendorText: 'Too many properties' });
    expect(report(LOGIN, { ...delivery, refusal: { error, refused: [LOGIN] } }, SECRETS)).toBe(
      'Login delivered in 12 ms; 1 kept refused and dropped: Too many properties',
    );
  });

  it('is reported with what went wrong in a sink, without its words', () => {
    const refusal = { error: new TypeError('auth0|user-1'), refused: someLogins(1) };
    expect(report(LOGIN, { ...delivery, refusal }, SECRETS)).toBe(
      'Login delivered in 12 ms; 1 kept refused and dropped: unexpected TypeError',
    );
  });
});

describe('what the destination says', () => {
  const said = (vendorText: string, activity: Activity = LOGIN, secrets: unknown = SECRETS): string => {
    const line = explain(new RejectedError('400', { status: 400, vendorText }), activity, secrets);
    return line.slice('Login not delivered: 400 '.length, -`; ${CHECK_SECRETS}`.length);
  };

  it.each([
    ['on one line', 'two\nlines', 'two lines'],
    ['without control characters', '\r\n a \t\u0000\u001b[31m b\u2028c\u200b\u202ed \n', 'a [31m b c d'],
    ['cut to 80 characters', 'x'.repeat(100), 'x'.repeat(80)],
    ['cut after its blanks are gone', `${' \n'.repeat(100)}x`, 'x'],
  ])('is %s', (_, text, expected) => {
    expect(said(text)).toBe(expected);
  });

  const PERSON: Activity = {
    ...LOGIN,
    user: { id: 'auth0|ada', name: 'Ada "Lady"\tLovelace', email: 'lovelace@example.com' },
    request: { ip: '203.0.113.7', userAgent: 'Mozilla/5.0 (X11)' },
  };

  it.each([
    'auth0|ada',
    'Ada "Lady"\tLovelace',
    'lovelace@example.com',
    '203.0.113.7',
    'Mozilla/5.0 (X11)',
    '5f1d9a6e-t0ken',
  ])('is without the private value %s, in JSON, too', (value) => {
    expect(said(`You sent ${value}, ${value}.`, PERSON)).toBe('You sent ***, ***.');
    expect(said(`You sent ${JSON.stringify(value)}.`, PERSON)).toBe('You sent "***".');
  });

  it('is without a private value that holds another one', () => {
    const person: Activity = {
      ...LOGIN,
      user: { id: 'lovelace', name: 'lovelace', email: 'ada.lovelace@example.com' },
    };
    expect(said('ada.lovelace@example.com', person)).toBe('***');
  });

  it('is without a private value that its end cuts off', () => {
    expect(said(`${'x'.repeat(75)} ${PERSON.user.email}`, PERSON)).toBe(`${'x'.repeat(75)} ***`);
  });

  it.each([
    ['Basic', btoa('5f1d9a6e-t0ken:')],
    ['base64', btoa('5f1d9a6e-t0ken')],
  ])('is without a secret as a header has it: %s', (_, value) => {
    expect(said(`You sent ${value}.`)).toBe('You sent ***.');
  });

  it.each(['reader:t0ken', btoa('reader:t0ken'), 't0ken'])(
    'is without the secret of name:secret: %s',
    (value) => {
      expect(said(`You sent ${value}.`, LOGIN, { ACCOUNT: 'reader:t0ken' })).toBe('You sent ***.');
    },
  );

  it.each(['Basic YWRhOmxhZHk', 'YWRhOmxhZHk', 'k3y%', 'one=of=them'])(
    'is without a value from a list of headers: %s',
    (value) => {
      const secrets = { HEADERS: 'Authorization=Basic%20YWRhOmxhZHk,x-key=k3y%,x-other=one=of=them' };
      expect(said(`Basic Authorization: ${value}.`, LOGIN, secrets)).toBe('Basic Authorization: ***.');
    },
  );

  it.each([
    ['The requested webhook "POST 5c1e2a3b" is not registered.', 'webhook "POST ***" is not'],
    ['Cannot POST /webhook/5c1e2a3b?sig=Ab3-_x', 'POST /webhook/***?sig=***'],
  ])('is without what makes an address secret: %s', (text, expected) => {
    expect(said(text, LOGIN, { URL: 'https://n8n.acme.com/webhook/5c1e2a3b?sig=Ab3-_x' })).toContain(
      expected,
    );
  });

  it.each([undefined, null, 'secrets', 7])('is quoted whatever the secrets are: %j', (secrets) => {
    expect(said('Too long', LOGIN, secrets)).toBe('Too long');
  });

  it('of kept activities is without the private values of those', () => {
    const refused = [PERSON, { ...PERSON, user: { id: 'auth0|grace', email: 'grace@example.com' } }];
    const texts = refused.flatMap(({ user }) => [user.id, user.email, JSON.stringify(user.name)]);
    for (const vendorText of texts) {
      const error = new RejectedError('400', { status: 400, vendorText: `You sent ${vendorText}` });
      const line = report(LOGIN, { durationMs: 12, along: 0, refusal: { error, refused } }, SECRETS);
      for (const part of ['ada', 'grace', 'Lovelace', 'example.com']) expect(line).not.toContain(part);
    }
  });
});

describe('the longest line', () => {
  const vendorText = 'W'.repeat(500);

  it('of a failure fits where 256 characters are stored', () => {
    const error = new UnavailableError('503', {
      status: 503,
      vendorText,
      advice: "check the destination's certificate",
    });
    error.fate = ', after 3 attempts in 10.0 s; kept for later, 200 older dropped';
    const refused = new RejectedError('404', { status: 404, vendorText });
    for (const explained of [error, refused]) {
      expect(`[segment-http] ${explain(explained, SIGN_UP, {})}`.length).toBeLessThan(256);
    }
  });

  it('of a success fits where 256 characters are stored', () => {
    const refusal = { error: new RejectedError('', { vendorText }), refused: someLogins(200) };
    const line = report(SIGN_UP, { durationMs: 10_000, along: 200, refusal }, {});
    expect(`[segment-http] ${line}`.length).toBeLessThan(256);
  });
});
