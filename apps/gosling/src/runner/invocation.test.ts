import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@polar-gosling/kernel';
import { startBodyOf } from '@polar-gosling/ports/runner-start';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readInvocation } from './invocation.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'invocation-'));
  file = join(dir, 'request');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const sent = startBodyOf({
  ...{ container: { id: 'bba0', url: '' }, runnerId: '01jx', eggName: 'we"b %{x}\n' },
  ...{ goslingUrl: 'https://gosling.example.com', bootstrapToken: new Secret('one-time') },
});

it.each([
  ['the body', sent],
  ['a request with its body', JSON.stringify({ httpMethod: 'POST', body: sent })],
  [
    'a request with its body in base64',
    JSON.stringify({ body: Buffer.from(sent).toString('base64'), isBase64Encoded: true }),
  ],
])('takes from %s what MotherGoose has sent, and leaves no token behind', async (_what, text) => {
  writeFileSync(file, text);

  expect(await readInvocation(file)).toEqual({
    ...{ runnerId: '01jx', eggName: 'we"b %{x}\n', url: 'https://gosling.example.com' },
    bootstrapToken: 'one-time',
  });
  expect(existsSync(file)).toBe(false);
});

it.each(['', '[]', '{"runner_id":"../x"}', sent.replace('01jx', '../x')])('refuses %j', async (text) => {
  writeFileSync(file, text);

  await expect(readInvocation(file)).rejects.toMatchObject({ code: 'RUNNER_NO_INVOCATION' });
});

it('says so when there is no request', async () => {
  await expect(readInvocation(file)).rejects.toMatchObject({ code: 'RUNNER_NO_INVOCATION' });
});
