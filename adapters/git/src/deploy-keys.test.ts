import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDeployKeys } from './deploy-keys.ts';

describe('createDeployKeys', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'deploy-keys-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it.each(['', 'x', 'ab', 'mothergoose', 'a longer comment, of several words'])(
    'makes a private key from which ssh-keygen finds the public one (comment "%s")',
    (comment) => {
      const keys = createDeployKeys({ comment });
      const file = join(dir, 'key');
      writeFileSync(file, keys.privateKey.reveal(), { mode: 0o600 });

      const derived = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' });

      expect(derived.trim()).toBe(keys.publicKey.trim());
    },
  );

  it('makes a key that signs what its public key accepts', () => {
    const keys = createDeployKeys({ comment: 'signer' });
    const [key, allowed, text] = ['key', 'allowed', 'text'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(key, keys.privateKey.reveal(), { mode: 0o600 });
    writeFileSync(allowed, `signer ${keys.publicKey}\n`);
    writeFileSync(text, 'honk');

    execFileSync('ssh-keygen', ['-Y', 'sign', '-q', '-f', key, '-n', 'file', text], { stdio: 'pipe' });
    const check = ['-Y', 'verify', '-f', allowed, '-I', 'signer', '-n', 'file', '-s', `${text}.sig`];
    const answer = execFileSync('ssh-keygen', check, { input: 'honk', encoding: 'utf8' });

    expect(answer).toContain('Good "file" signature');
  });

  it('makes another key each time and never shows the private one', () => {
    const [one, other] = [createDeployKeys(), createDeployKeys()];

    expect(one.publicKey).not.toBe(other.publicKey);
    expect(inspect(one)).not.toContain('PRIVATE');
    expect(JSON.stringify(one)).not.toContain('PRIVATE');
  });
});
