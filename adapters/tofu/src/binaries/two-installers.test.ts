import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { clock, listNames, never } from '../test-bench.ts';
import { createTestAuthority } from '../test-https.ts';

const child = fileURLToPath(new URL('./install.child.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'two-installers-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const binary = "#!/bin/sh\necho 'OpenTofu v1.12.6'\n";
/** How long the other one is watched for what it must not do. */
const watchMs = 1_000;

it('two processes that install one version at once fetch one after the other, and both have it', async () => {
  const authority = createTestAuthority(dir);
  const binDir = join(dir, 'bin');
  mkdirSync(binDir);
  const begun = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let now = 0;
  let most = 0;
  await using server = await authority.serve(async (_request, response) => {
    most = Math.max(most, ++now);
    response.on('close', () => now--);
    if (server.asked.length > 1) second.resolve();
    await begun.promise;
    await Promise.race([second.promise, clock.sleep(watchMs, never)]);
    response.end(binary);
  });
  const sha256 = createHash('sha256').update(binary).digest('hex');
  const file = `tofu-1.12.6+${sha256}`;
  const url = `${server.url}/tofu_{version}`;
  const settings = JSON.stringify({ binDir, url, sha256, caFile: join(dir, 'ca.pem') });

  const processes = [1, 2].map(() =>
    spawn(process.execPath, ['--disable-warning=ExperimentalWarning', child, settings], { timeout: 50_000 }),
  );
  const outputs = processes.map(({ stdout }) => text(stdout));
  await Promise.all(processes.map(({ stderr }) => once(stderr, 'data')));
  begun.resolve();
  const results = (await Promise.all(outputs)).map((output) => JSON.parse(output));

  expect(results.map(({ said }) => said)).toEqual(['installed', 'installed']);
  expect([server.asked.length, most]).toEqual([2, 1]);
  expect(listNames(binDir)).toEqual([file]);
  expect(readFileSync(join(binDir, file), 'utf8')).toBe(binary);
});
