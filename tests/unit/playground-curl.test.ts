import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { toCurl } from '../../tools/playground/client/curl.ts';

const EXCHANGE = {
  method: 'POST',
  url: 'https://splunk.example.com/event',
  headers: { authorization: 'Splunk ***', 'content-type': 'application/json', 'content-length': '9' },
  body: '{"a":"it\'s"}',
  startMs: 0,
  responseHeaders: {},
  responseBody: '',
};

describe('toCurl', () => {
  it('renders a command whose arguments a shell reads as the request, with a placeholder for credentials', () => {
    const script = `curl() { printf '%s\\n' "$@"; }\nCREDENTIAL=secret\n${toCurl(EXCHANGE)}`;
    const args = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n');
    expect(args).toEqual([
      '-X',
      'POST',
      'https://splunk.example.com/event',
      '-H',
      'authorization: Splunk secret',
      '-H',
      'content-type: application/json',
      '--data-raw',
      '{"a":"it\'s"}',
    ]);
  });
});
