import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSystemClock, pollUntil } from '@polar-gosling/kernel';
import { describe, expect, it, type TestContext } from 'vitest';
import { startAgent } from '../../testing/agent-process.ts';
import { startFakeMotherGoose } from '../../testing/fake-mother-goose.ts';
import { startHttpsMirror } from '../../testing/https-mirror.ts';
import { fetchRunner } from './fetch-runner.ts';

const fake = fileURLToPath(new URL('../../testing/fake-gitlab-runner.mjs', import.meta.url));
const body = `#!/bin/sh\nexec "${process.execPath}" "${fake}" "$@"\n`;
const sha256 = createHash('sha256').update(body).digest('hex');
const { signal } = new AbortController();

async function aMirror({ onTestFinished }: TestContext) {
  const mirror = await startHttpsMirror(body);
  const parent = await mkdtemp(path.join(tmpdir(), 'gosling-fetch-'));
  onTestFinished(async () => {
    await mirror.close();
    await rm(parent, { recursive: true });
  });
  const directory = path.join(parent, 'bin');
  const url = `${mirror.url}/v19/gitlab-runner-linux-amd64`;
  return { mirror, directory, download: { url, sha256, directory, environment: {}, ca: mirror.ca, signal } };
}

describe.concurrent('a gitlab-runner from a mirror', { timeout: 120_000 }, () => {
  it('is fetched once, checked, and kept so that it can be run', async (test) => {
    const { mirror, directory, download } = await aMirror(test);

    const program = await fetchRunner(download);
    const again = await fetchRunner(download);

    test.expect([program, again]).toEqual(Array(2).fill(path.join(directory, 'gitlab-runner')));
    test.expect(await readFile(program, 'utf8')).toBe(body);
    test.expect((await stat(program)).mode & 0o777).toBe(0o755);
    test.expect(mirror.asked).toHaveLength(1);
    test.expect(await readdir(directory)).toEqual(['gitlab-runner']);
  });

  it('is not kept with another SHA-256, and one that was kept is replaced when the wanted sum changes', async (test) => {
    const { directory, download } = await aMirror(test);
    const program = await fetchRunner(download);

    await test
      .expect(fetchRunner({ ...download, sha256: 'a'.repeat(64) }))
      .rejects.toMatchObject({ code: 'RUNNER_WRONG_CHECKSUM' });
    test.expect(await readFile(program, 'utf8')).toBe(body);
    test.expect(await readdir(directory)).toEqual(['gitlab-runner']);

    await writeFile(program, 'something else');
    await writeFile(`${program}.part`, 'left by a process that was killed');
    await fetchRunner(download);
    test.expect(await readFile(program, 'utf8')).toBe(body);
  });

  it('comes from whom the host trusts only, and leaves nothing behind when it does not come', async (test) => {
    const { mirror, directory, download } = await aMirror(test);

    await test
      .expect(fetchRunner({ ...download, ca: undefined }))
      .rejects.toMatchObject({ code: 'BINARY_DOWNLOAD' });
    await test
      .expect(fetchRunner({ ...download, url: `${mirror.url}/nothing` }))
      .rejects.toMatchObject({ code: 'BINARY_DOWNLOAD' });
    await test
      .expect(fetchRunner({ ...download, url: download.url.replace('https:', 'http:') }))
      .rejects.toMatchObject({ code: 'BINARY_DOWNLOAD' });
    test.expect(await readdir(directory)).toEqual([]);
  });

  it('runs the jobs of an agent that has none of its own', async (test) => {
    const { mirror, download } = await aMirror(test);
    const gitlab = { url: 'http://127.0.0.1:9', token: 'glrt-t1_token', system_id: 'r_abcdefabcdef' };
    const wanted = { want: 'latest', mirror: download.url, sha256 };
    const goose = await startFakeMotherGoose({ gitlab, runner_version: wanted });
    test.onTestFinished(goose.close);
    const env = { GOSLING_CA_FILE: mirror.caFile };
    const agent = await startAgent({ url: goose.url, hasFakeRunner: false, env });
    test.onTestFinished(agent.end);

    const what = 'a report "idle"';
    const isIdle = () => goose.reports.findLast(({ state }) => state === 'idle');
    const at = { clock: createSystemClock(), everyMs: 20, timeoutMs: 60_000, what, signal };
    const report = await pollUntil(isIdle, at);

    test.expect(report.agent_version).toBe('gitlab-runner 18.2.0');
    test.expect(await readFile(path.join(agent.directory, 'bin/gitlab-runner'), 'utf8')).toBe(body);
  });

  it.each([
    ['the wrong SHA-256', 'RUNNER_WRONG_CHECKSUM', { sha256: 'b'.repeat(64) }],
    ['no SHA-256', 'RUNNER_NO_CHECKSUM', {}],
  ])('ends an agent that is told %s, rather than letting another runner stand in', async (...row) => {
    const [, code, given] = row;
    const mirror = await startHttpsMirror(body);
    const gitlab = { url: 'http://127.0.0.1:9', token: 'glrt-t1_token', system_id: 'r_abcdefabcdef' };
    const url = `${mirror.url}/gitlab-runner-linux-amd64`;
    const goose = await startFakeMotherGoose({
      gitlab,
      runner_version: { want: 'latest', mirror: url, ...given },
    });
    const env = { GOSLING_CA_FILE: mirror.caFile };
    const agent = await startAgent({ url: goose.url, hasFakeRunner: false, env });
    const exitCode = await agent.exitCode();
    const log = agent.log();
    await Promise.all([agent.end(), goose.close(), mirror.close()]);

    expect(exitCode).not.toBe(0);
    expect(log).toContain(code);
    expect(goose.reports).toEqual([]);
  });
});
