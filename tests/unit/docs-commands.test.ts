/** Every command in a document exists, with the options that it is given. */
import { describe, expect, it } from 'vitest';
import { findProblem, getShellCommands } from '../support/commands.ts';
import { documents, getCodeBlocks, readDocument } from '../support/markdown.ts';

describe('commands in documents', () => {
  it.each(documents)('exist, with their options: %s', (document) => {
    expect(getShellCommands(readDocument(document)).flatMap((line) => findProblem(line) ?? [])).toEqual([]);
  });

  it('are found: the two that a newcomer needs are in README.md', () => {
    const blocks = getCodeBlocks(readDocument('README.md'), 'sh').map((block) => block.trim());
    expect(blocks).toEqual(expect.arrayContaining(['npm ci && npm start', 'npm ci && npm test']));
  });
});

describe('findProblem', () => {
  it.each([
    ['npm run deploy -- splunk --dry-run', undefined],
    ['npm run -s doctor -- --json', undefined],
    ['npm ci', undefined],
    ['jq . flow.json', undefined],
    ['npm run dploy', 'npm run dploy: there is no such script'],
    [
      'npx auth0-login-analytics dploy splunk',
      'npx auth0-login-analytics dploy splunk: there is no such command',
    ],
    [
      'npm run deploy -- splunk --nonsense',
      'npm run deploy -- splunk --nonsense: there is no option --nonsense',
    ],
  ])('judges %s', (line, problem) => {
    expect(findProblem(line)).toBe(problem);
  });
});
