import { describe, expect, it } from 'vitest';
import {
  describeOutcome,
  formatMs,
  runLabel,
  runMark,
  statusLabel,
} from '../../tools/playground/client/labels.ts';
import type { OutcomeRow, RunRow } from '../../tools/playground/state.ts';

const DELIVERED: OutcomeRow = {
  destination: 'splunk',
  status: 'delivered',
  type: 'SignUp',
  attempts: 1,
  elapsedMs: 12,
  flushed: 0,
  flushMs: 0,
  dropped: 0,
};
const FAILED: OutcomeRow = {
  destination: 'keen',
  status: 'failed',
  type: 'Login',
  reason: 'unavailable',
  code: '503',
  message: '503 Server is busy',
  attempts: 3,
  elapsedMs: 400,
  buffered: true,
  dropped: 0,
};
const SKIPPED: OutcomeRow = { destination: 'keen', status: 'skipped', reason: 'silent authentication' };
const MISCONFIGURED: OutcomeRow = {
  destination: 'splunk',
  status: 'misconfigured',
  problems: { SPLUNK_HEC_URL: 'is missing', LOG: 'must be failures or all' },
};

describe('statusLabel', () => {
  it.each([
    ['the type of what was delivered', DELIVERED, 'SignUp'],
    ['the HTTP status of a failure', FAILED, '503'],
    ['a word for the code of a failure', { ...FAILED, code: 'CIRCUIT_OPEN' } as OutcomeRow, 'circuit open'],
    ['a code without a word for it', { ...FAILED, code: 'EPROTO' } as OutcomeRow, 'EPROTO'],
    ['skipped', SKIPPED, 'skipped'],
    ['not configured', MISCONFIGURED, 'not configured'],
  ])('returns %s', (_, outcome, label) => {
    expect(statusLabel(outcome)).toBe(label);
  });
});

describe('formatMs', () => {
  it.each([
    [0.01, '<0.1 ms'],
    [2.34, '2.3 ms'],
    [340, '340 ms'],
    [1240, '1.2 s'],
  ])('renders %d milliseconds', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });
});

describe('runLabel', () => {
  const toRun = (...outcomes: OutcomeRow[]): RunRow => ({
    name: 'all',
    durationMs: 1,
    deadlineMs: 3000,
    outcomes,
  });

  it.each([
    ['the label that all destinations have in common', toRun(DELIVERED, DELIVERED), 'SignUp'],
    ['how many of the destinations failed', toRun(DELIVERED, FAILED), '1 of 2 failed'],
    [
      'the labels of destinations that differ without a failure',
      toRun(DELIVERED, SKIPPED),
      'SignUp, skipped',
    ],
    ['an error that the Action threw', { ...toRun(), error: 'boom' }, 'error'],
    ['that the Action published no outcome', toRun(), 'no outcome'],
  ])('returns %s', (_, run, label) => {
    expect(runLabel(run)).toBe(label);
  });
});

describe('runMark', () => {
  const toRun = (...outcomes: OutcomeRow[]): RunRow => ({
    name: 'all',
    durationMs: 1,
    deadlineMs: 3000,
    outcomes,
  });

  it.each([
    ['S for a SignUp', toRun(DELIVERED), 'S'],
    ['L for a Login', toRun({ ...DELIVERED, type: 'Login' }), 'L'],
    ['the HTTP status of a failure', toRun(FAILED), '503'],
    ['! for a failure without one', toRun({ ...FAILED, code: 'TIMEOUT' } as OutcomeRow), '!'],
    ['! for failures that differ', toRun(FAILED, { ...FAILED, code: '401' } as OutcomeRow), '!'],
    ['– if nothing was to be recorded', toRun(SKIPPED), '–'],
  ])('returns %s', (_, run, mark) => {
    expect(runMark(run)).toBe(mark);
  });
});

describe('describeOutcome', () => {
  it.each([
    [DELIVERED, 'SignUp delivered in 12 ms'],
    [
      {
        ...DELIVERED,
        attempts: 2,
        flushed: 1,
        flushRejected: { count: 2, message: '400' },
        metadataWriteFailed: true,
      } as OutcomeRow,
      'SignUp delivered in 12 ms · 2 attempts · 1 buffered event flushed · 2 buffered events rejected and dropped · setAppMetadata failed: it will be sent again',
    ],
    [FAILED, 'Login failed: 503 Server is busy · 3 attempts · buffered for retry'],
    [
      { ...FAILED, attempts: 1, buffered: false, dropped: 1, hint: 'check the URL' } as OutcomeRow,
      'Login failed: 503 Server is busy · 1 older event dropped · check the URL',
    ],
    [SKIPPED, 'Skipped: silent authentication'],
    [MISCONFIGURED, 'Not configured: SPLUNK_HEC_URL is missing; LOG must be failures or all'],
    [
      { ...MISCONFIGURED, problems: {} } as OutcomeRow,
      'Not configured: the secrets of at least one destination are missing',
    ],
  ])('renders %j', (outcome, text) => {
    expect(describeOutcome(outcome)).toBe(text);
  });
});
