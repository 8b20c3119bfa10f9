import { describe, expect, it } from 'vitest';
import { toBrowser } from '../../actions/shared/user-agent.ts';

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';

describe('toBrowser', () => {
  it.each([
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/139.0.0.0 Safari/537.36`,
      { $browser: 'Chrome', $browser_version: '139.0.0', $os: 'Windows' },
    ],
    [
      `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} Chrome/139.0.0.0 Mobile Safari/537.36`,
      { $browser: 'Chrome', $browser_version: '139.0.0', $os: 'Android' },
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      { $browser: 'Firefox', $browser_version: '140.0.0', $os: 'Linux' },
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      { $browser: 'Safari', $browser_version: '18.5.0', $os: 'Mac OS X' },
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      { $browser: 'Mobile Safari', $browser_version: '18.5.0', $os: 'iOS' },
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/139.0.7258.76 Mobile/15E148 Safari/604.1',
      { $browser: 'Chrome iOS', $browser_version: '139.0.7258', $os: 'iOS' },
    ],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/139.0.0.0 Safari/537.36 Edg/139.0.3405.86`,
      { $browser: 'Microsoft Edge', $browser_version: '139.0.3405', $os: 'Windows' },
    ],
    [
      `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
      { $browser: 'Samsung Internet', $browser_version: '28.0.0', $os: 'Android' },
    ],
  ])('parses %s', (userAgent, expected) => {
    expect(toBrowser(userAgent)).toEqual(expected);
  });

  it.each([
    ['nothing', undefined],
    ['an empty string', ''],
    ['a command-line client', 'curl/8.7.1'],
    ['a hash', 'a'.repeat(64)],
  ])('finds nothing in %s', (_, userAgent) => {
    expect(JSON.parse(JSON.stringify(toBrowser(userAgent)))).toEqual({});
  });

  it('claims no browser for a bot', () => {
    const { $browser } = toBrowser(
      'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    );
    expect($browser).toBeUndefined();
  });
});
