import { createHash } from 'node:crypto';
import { createSystemClock, createSystemIds, Secret } from '@polar-gosling/kernel';
import { describeSecretsContract } from '@polar-gosling/ports/secrets/contract';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkSecretsManager, createAwsSecrets } from './index.ts';
import { createSecretsApi } from './secrets-api.ts';

const endpoint = process.env['POLAR_AWS_URL'];
const reason = 'POLAR_AWS_URL names no Secrets Manager (moto)';
const call = { signal: new AbortController().signal };
const clock = createSystemClock();
const ids = createSystemIds(clock);
const credentials = { accessKeyId: 'polartest', secretAccessKey: 'polartestsecret' };
const apiOptions = { region: 'eu-central-1', endpoint: endpoint ?? 'http://127.0.0.1:9', credentials };

const newPrefix = () => `test-${ids.next()}/`;
const openAt = (prefix: string) => createAwsSecrets({ ...apiOptions, prefix, clock, ids });

if (endpoint === undefined) {
  describe('secrets contract: AWS Secrets Manager', () => {
    it('passes against an engine', ({ skip }) => skip(reason));
  });
} else {
  describeSecretsContract({ name: 'AWS Secrets Manager', create: () => openAt(newPrefix()) });
}

describe('createAwsSecrets', () => {
  beforeEach(({ skip }) => skip(endpoint === undefined, reason));

  it('Feature: gitops-runner-orchestration, Property 37: Secret Retrieval from AWS Secrets Manager', async () => {
    const api = createSecretsApi(apiOptions);
    const key = fc.stringMatching(/^[A-Za-z0-9_@-][A-Za-z0-9_./@-]{0,30}$/);
    const values = fc.dictionary(
      key,
      fc.string({ minLength: 1 }).map((text) => text.toWellFormed()),
      {
        minKeys: 1,
        maxKeys: 5,
        noNullPrototype: true,
      },
    );
    const secrets = openAt(newPrefix());
    await fc.assert(
      fc.asyncProperty(values, async (fields) => {
        const id = `apps/${createHash('sha256').update(ids.next()).digest('hex').slice(0, 16)}x`;
        const token = ids.token(30);
        await api.create({ id, text: JSON.stringify(fields), token }, { ...call, role: 'test' });
        for (const [name, value] of Object.entries(fields)) {
          const uri = `aws-sm://${id}#${name}`;
          expect((await secrets.read(uri, call))?.reveal()).toBe(value);
        }
        expect(await secrets.read(`aws-sm://${id}#not-there-at-all`, call)).toBeUndefined();
      }),
      { numRuns: runs(100) },
    );
  });

  it('keeps the layout under its prefix, where a URI finds it, and leaves foreign fields alone', async () => {
    const prefix = newPrefix();
    const secrets = openAt(prefix);
    const api = createSecretsApi(apiOptions);
    await api.create(
      { id: `${prefix}gitlab/host/egg`, text: '{"port":5432,"nested":{"a":1}}', token: ids.token(30) },
      { ...call, role: 'test' },
    );

    await secrets.write('gitlab/host/egg/api-token', new Secret('glpat-of-the-egg'), call);

    const uri = `aws-sm://${prefix}gitlab/host/egg/api-token`;
    expect((await secrets.read(uri, call))?.reveal()).toBe('glpat-of-the-egg');
    const found = await api.get({ id: `${prefix}gitlab/host/egg` }, { ...call, role: 'test' });
    expect(found?.fields).toEqual({ port: 5432, nested: { a: 1 }, 'api-token': 'glpat-of-the-egg' });
    expect((await secrets.read(`aws-sm://${prefix}gitlab/host/egg/port`, call))?.reveal()).toBe('5432');
  });

  it('reads an earlier version by its stage and id, and writes none', async () => {
    const prefix = newPrefix();
    const secrets = openAt(prefix);
    await secrets.write('app/token', new Secret('the first value'), call);
    await secrets.write('app/token', new Secret('the second value'), call);
    const previous = `aws-sm://${prefix}app?stage=AWSPREVIOUS#token`;

    expect((await secrets.read(previous, call))?.reveal()).toBe('the first value');
    const missing = `aws-sm://${prefix}app?version=${'0'.repeat(36)}#token`;
    expect(await secrets.read(missing, call)).toBeUndefined();
    await expect(secrets.write(previous, new Secret('some value'), call)).rejects.toMatchObject({
      code: 'SECRET_BAD_REFERENCE',
    });
  });

  it('deletes a secret with its last field, and brings it back for the next', async () => {
    const prefix = newPrefix();
    const secrets = openAt(prefix);
    const api = createSecretsApi(apiOptions);
    await secrets.write('app/one', new Secret('value one'), call);
    await secrets.write('app/two', new Secret('value two'), call);
    await secrets.remove('app/one', call);
    expect(await secrets.list('', call)).toEqual(['app/two']);
    await secrets.remove('app/two', call);
    expect(await api.get({ id: `${prefix}app` }, { ...call, role: 'test' })).toBeUndefined();

    await secrets.write('app/three', new Secret('value three'), call);

    expect(await secrets.list('', call)).toEqual(['app/three']);
    expect(await secrets.read('app/one', call)).toBeUndefined();
  });

  it('says that a secret has no fields, without showing it', async () => {
    const prefix = newPrefix();
    const api = createSecretsApi(apiOptions);
    for (const [name, text] of [
      ['plain', 'canary77-plain'],
      ['list', '["canary77"]'],
      ['cut', '{"a":"canary77'],
    ]) {
      const at = { id: `${prefix}${name}`, text: String(text), token: ids.token(30) };
      await api.create(at, { ...call, role: 'test' });
      const read = openAt(prefix).read(`${name}/a`, { ...call, role: 'token of egg x' });
      const refused: unknown = await read.catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'SECRET_NO_FIELDS', message: expect.stringContaining('egg x') });
      expect(JSON.stringify([String(refused), refused])).not.toContain('canary77');
    }
  });

  it('refuses to make a secret bigger than it may be, and stays whole', async () => {
    const secrets = openAt(newPrefix());
    await secrets.write('app/a', new Secret('a'.repeat(40_000)), call);

    const refused = secrets.write('app/b', new Secret('b'.repeat(40_000)), call);

    await expect(refused).rejects.toMatchObject({ code: 'SECRET_TOO_BIG' });
    expect(await secrets.list('', call)).toEqual(['app/a']);
  });

  it('tells the doctor that all is well, and leaves nothing behind', async () => {
    const prefix = newPrefix();

    const checks = await checkSecretsManager({ ...apiOptions, prefix, clock, ids }, call);

    expect(checks).toMatchObject([
      { name: 'reach', ok: true },
      { name: 'clock', ok: true },
      { name: 'rights', ok: true },
    ]);
    expect(await openAt(prefix).list('', call)).toEqual([]);
    const late = { now: () => clock.now() - 60_000 };
    const skewed = await checkSecretsManager(
      { ...apiOptions, prefix, clock: { ...clock, ...late }, ids },
      call,
    );
    expect(skewed.find(({ name }) => name === 'clock')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^Secrets Manager is (59|60|61) s from ours/),
    });
  });
});
