import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock, Secret } from '@polar-gosling/kernel';
import { describeSecretsContract } from '@polar-gosling/ports/secrets/contract';
import { afterAll, describe, expect, it } from 'vitest';
import { createLocalSecrets } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'gosling-secrets-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newDir = () => join(mkdtempSync(join(root, 's-')), 'data');
const clock = createSystemClock();
const options = { signal: new AbortController().signal };
const fileIn = (dataDir: string) => join(dataDir, 'secrets.json.enc');
const keyIn = (dataDir: string) => join(dataDir, 'key', 'secrets.key');

describeSecretsContract({
  name: 'local file',
  create: () => createLocalSecrets({ dataDir: newDir(), clock }),
});

describe('createLocalSecrets', () => {
  const filled = async () => {
    const dataDir = newDir();
    const secrets = createLocalSecrets({ dataDir, clock });
    await secrets.write('a/b', new Secret('CANARY-value-one'), options);
    await secrets.write('c/d', new Secret('CANARY-value-two'), options);
    return { dataDir, secrets };
  };

  it('has no value in clear on disk, and files for this user only', async () => {
    const { dataDir } = await filled();

    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((each) =>
      each.isFile(),
    );

    for (const file of files) {
      const path = join(file.parentPath, file.name);
      const content = readFileSync(path, 'latin1');
      expect(content).not.toContain('CANARY');
      expect(content).not.toContain(Buffer.from('CANARY-value').toString('base64').slice(0, 12));
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    expect(files.map(({ name }) => name).toSorted()).toEqual([
      'secrets.json.enc',
      'secrets.key',
      'secrets.lock',
    ]);
    expect(statSync(join(dataDir, 'key')).mode & 0o777).toBe(0o700);
  });

  it('sees at once what another process wrote', async () => {
    const { dataDir, secrets } = await filled();
    await secrets.read('a/b', options);

    await createLocalSecrets({ dataDir, clock }).write('a/b', new Secret('from the CLI'), options);

    expect((await secrets.read('a/b', options))?.reveal()).toBe('from the CLI');
  });

  it('keeps what several processes write at once', { timeout: 60_000 }, async () => {
    const { dataDir, secrets } = await filled();
    const script = `
      import { createLocalSecrets } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
      import { createSystemClock, Secret } from '@polar-gosling/kernel';
      const secrets = createLocalSecrets({ dataDir: process.argv[1], clock: createSystemClock() });
      const { signal } = new AbortController();
      for (let n = 0; n < 10; n++) await secrets.write(process.argv[2] + '/' + n, new Secret('value ' + n), { signal });
    `;
    const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
    const writers = ['p1', 'p2', 'p3'].map((name) =>
      spawn(process.execPath, [...flags, dataDir, name], { stdio: 'inherit', cwd: import.meta.dirname }),
    );
    const codes = await Promise.all(writers.map(async (writer) => (await once(writer, 'close'))[0]));

    expect(codes).toEqual([0, 0, 0]);
    expect(await secrets.list('p', options)).toHaveLength(30);
  });

  it.each([
    ['is no JSON', (dataDir: string) => writeFileSync(fileIn(dataDir), 'x')],
    ['has another form', (dataDir: string) => writeFileSync(fileIn(dataDir), '{"v":9}')],
    ['has a changed entry', (dataDir: string) => swapEntries(dataDir)],
    ['lost its key', (dataDir: string) => rmSync(keyIn(dataDir))],
    [
      'has another key',
      (dataDir: string) => writeFileSync(keyIn(dataDir), Buffer.alloc(32).toString('base64')),
    ],
    ['has half a key', (dataDir: string) => writeFileSync(keyIn(dataDir), 'AAAA')],
  ])('says that the file is damaged when it %s', async (_what, damage) => {
    const { dataDir } = await filled();
    damage(dataDir);
    const before = readFileSync(fileIn(dataDir));

    const secrets = createLocalSecrets({ dataDir, clock });

    await expect(secrets.read('a/b', options)).rejects.toMatchObject({
      code: 'SECRET_DAMAGED',
      message: expect.not.stringContaining('CANARY'),
    });
    expect(readFileSync(fileIn(dataDir)).equals(before)).toBe(true);
  });

  it('makes no second key where there are values', async () => {
    const { dataDir } = await filled();
    rmSync(keyIn(dataDir));

    const write = createLocalSecrets({ dataDir, clock }).write('e/f', new Secret('some value'), options);

    await expect(write).rejects.toMatchObject({ code: 'SECRET_DAMAGED' });
  });

  it('says what it cannot write', async () => {
    const { dataDir, secrets } = await filled();
    rmSync(fileIn(dataDir));
    mkdirSync(fileIn(dataDir));

    await expect(secrets.read('a/b', options)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
    rmSync(dataDir, { recursive: true });
    writeFileSync(dataDir, 'a file in the place of the directory');
    const write = secrets.write('a/b', new Secret('some value'), options);
    await expect(write).rejects.toMatchObject({ code: 'SECRET_UNWRITABLE' });
  });
});

function swapEntries(dataDir: string): void {
  const content = JSON.parse(readFileSync(fileIn(dataDir), 'utf8'));
  content.entries = { 'a/b': content.entries['c/d'], 'c/d': content.entries['a/b'] };
  writeFileSync(fileIn(dataDir), JSON.stringify(content));
}
