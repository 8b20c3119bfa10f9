/** The Terraform example. Its resources are not checked against the provider's schema: that needs Terraform's registry. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { splunk } from '../../actions/splunk.ts';
import { getRequiredSecrets } from '../../lib/secrets.ts';
import { ROOT, readManifest } from '../../tools/shared/manifest.ts';

const FOLDER = path.join(ROOT, 'examples/terraform');

const main = readFileSync(path.join(FOLDER, 'main.tf'), 'utf8');
const { name, version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** The bodies of blocks, in order. */
const getBlocks = (type: string): string[] =>
  Array.from(
    main.matchAll(new RegExp(`^ *${type}(?: "\\w+")* \\{\\n(.*?)^ *\\}$`, 'gms')),
    ([, body = '']) => body,
  );

const getValue = (block: string, argument: string): string | undefined =>
  new RegExp(`^ *${argument} += "?(.*?)"?$`, 'm').exec(block)?.[1];

const hasTerraform = (): boolean => {
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe('examples/terraform', () => {
  it.runIf(hasTerraform())('is formatted as Terraform does it, which parses it', () => {
    expect(execFileSync('terraform', ['fmt', '-check', FOLDER], { encoding: 'utf8', stdio: 'pipe' })).toBe(
      '',
    );
  });

  it('closes every brace that it opens', () => {
    const code = main.replace(/"[^"\n]*"|#.*/g, '');
    expect(code.match(/\{/g)).toHaveLength(code.match(/\}/g)?.length ?? 0);
  });

  it('installs this version of the package in the runtime of our Actions', () => {
    const [dependency = ''] = getBlocks('dependencies');
    expect([getValue(dependency, 'name'), getValue(dependency, 'version')]).toEqual([name, version]);
    expect(getValue(main, 'runtime')).toBe(readManifest().actions[0]?.runtime);
  });

  it('deploys a file that exists', () => {
    const [, file = ''] = /file\("\$\{path\.module\}\/([^"]+)"\)/.exec(main) ?? [];
    expect(existsSync(path.join(FOLDER, file)) && file).toBe('../dashboard.js');
  });

  it('sets the secrets that Splunk requires, write-only and from variables', () => {
    const secrets = getBlocks('secrets_wo');
    expect(secrets.map((block) => getValue(block, 'name'))).toEqual(getRequiredSecrets(splunk.secrets));
    for (const block of secrets) expect(getValue(block, 'value')).toMatch(/^var\.\w+$/);
    expect(main).toMatch(/^ {2}secrets_wo_version = var\.secrets_version$/m);
    expect(main).toContain('required_version = ">= 1.11"');
  });

  it('adds one Action to the flow, and does not replace it', () => {
    expect(main).toMatch(/^resource "auth0_trigger_action" /m);
    expect(main).not.toMatch(/^resource "auth0_trigger_actions" /m);
  });
});
