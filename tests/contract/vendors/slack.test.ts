import { beforeEach, describe, expect, it } from 'vitest';
import { slack } from '../../../tools/simulator/vendors/slack.ts';
import { duplicates, mock, post, startMock } from '../../support/vendor.ts';

describe('mock Slack', () => {
  beforeEach(() => startMock(slack));

  const markdown = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });
  const context = (...texts: string[]) => ({ type: 'context', elements: texts.map(markdown) });
  const section = (text: string) => ({ type: 'section', text: markdown(text) });
  const MESSAGE = {
    text: 'New sign-up: Ada',
    blocks: [
      section('*New sign-up: Ada*'),
      context('type: SignUp', 'userId: auth0|ada &lt;&amp;&gt;', 'id: 1'),
    ],
  };

  const send = async (body: unknown, path = '/'): Promise<readonly [number, string]> => {
    const response = await post(path, {}, body);
    return [response.status, await response.text()];
  };

  it('accepts a message', async () => {
    expect(await send(MESSAGE)).toEqual([200, 'ok']);
    expect(mock.events).toMatchObject([
      { id: '1', type: 'SignUp', userId: 'auth0|ada <&>', payload: MESSAGE },
    ]);
  });

  it('accepts a message twice, which is a duplicate', async () => {
    await send(MESSAGE);
    await send(MESSAGE);
    expect(duplicates()).toEqual([false, true]);
  });

  it('accepts a message that is a text alone', async () => {
    expect(await send({ text: 'Hello' })).toEqual([200, 'ok']);
    expect(mock.events).toMatchObject([{ type: 'other' }]);
  });

  it('knows no other webhook', async () => {
    expect(await send(MESSAGE, '/services/T0/B0/other')).toEqual([404, 'no_service']);
  });

  it.each<[string, string, unknown]>([
    ['what is no JSON', 'invalid_payload', 'payload=1'],
    ['a message without text', 'no_text', {}],
    ['an unknown block', 'invalid_blocks', { blocks: [{ type: 'marquee' }] }],
    ['an empty section', 'invalid_blocks', { blocks: [{ type: 'section' }] }],
    ['a text that is too long', 'invalid_blocks', { blocks: [section('x'.repeat(3001))] }],
    ['too many elements', 'invalid_blocks', { blocks: [context(...Array.from('abcdefghijk'))] }],
    ['too many blocks', 'invalid_blocks', { blocks: Array.from({ length: 51 }, () => section('x')) }],
    ['a mention of the channel', 'invalid_payload', { ...MESSAGE, text: '<!channel>' }],
    ['a mention by Mattermost and Discord', 'invalid_payload', { ...MESSAGE, text: '@everyone' }],
    ['a link', 'invalid_payload', { blocks: [section('<https://evil.example|Ada>')] }],
  ])('rejects %s', async (_, reason, body) => {
    expect(await send(body)).toEqual([400, reason]);
    expect(mock.events).toEqual([]);
  });
});
