import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthority } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGitlabSim } from './create-gitlab-sim.ts';
import { at, createApiClient } from './testing/api-client.ts';
import { startRunner } from './testing/runner-process.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const seed = {
  users: [{ username: 'ann' }],
  projects: [
    {
      path: 'demo/app',
      ci_yaml: 'hello: {script: echo hello, tags: [linux]}',
      members: { ann: 'owner' },
      default_branch: 'trunk',
    },
  ],
  tokens: [{ name: 'ann', user: 'ann', scopes: ['api'] }],
};

let directory: string;
let stop: (() => Promise<unknown>)[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gitlab-sim-'));
  stop = [];
});
afterEach(async () => {
  for (const one of stop.toReversed()) await one();
  rmSync(directory, { recursive: true });
});

/** Starts the process and reads its first line. */
async function start(...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const output = { out: '', error: '' };
  stop.push(async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await exited;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.error += chunk.toString();
  });
  const line = new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output.out += chunk.toString();
      if (output.out.includes('\n')) resolve(output.out);
    });
    void exited.then(() => resolve(output.out));
  });
  return { child, exited, output, firstLine: await line };
}

function seedFile(content: unknown = seed): string {
  const path = join(directory, 'seed.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

describe('the process gitlab-sim', { timeout: 30_000 }, () => {
  it('prints its address, ids and tokens, is moved by the control API, and ends on SIGTERM', async () => {
    const { child, exited, firstLine } = await start('--seed-file', seedFile(), '--control', '--port', '0');
    const ready: unknown = JSON.parse(firstLine);
    const url = String(at(ready, 'url'));
    const projectId = Number(at(ready, 'projects', 'demo/app'));
    const post = async (name: string, body: object = {}) => {
      const answer = await fetch(`${url}/sim/${name}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: await answer.json() };
    };

    const pushed = await post('push', { project_id: projectId });
    const jobs = await post('jobs');
    const job = await post('job', { job_id: at(jobs.body, 0, 'id') });
    const wrong = await post('push', { project: projectId });
    const api = createApiClient(url, String(at(ready, 'tokens', 'ann')));
    const project = await api('GET', `/projects/${projectId}`);
    const violations = await post('violations');
    child.kill('SIGTERM');

    expect(pushed.body).toMatchObject({ sha: expect.stringMatching(/^[0-9a-f]{40}$/) });
    expect(job.body).toMatchObject({ name: 'hello', status: 'pending', ref: 'trunk', trace: '' });
    expect(wrong.status).toBe(400);
    expect(project.body).toMatchObject({ path_with_namespace: 'demo/app' });
    expect(violations.body).toHaveLength(2);
    expect(await exited).toBe(0);
  });

  it('limits requests when told to', async () => {
    const { firstLine } = await start('--seed-file', seedFile(), '--rate-limit', '1/min');
    const ready: unknown = JSON.parse(firstLine);
    const api = createApiClient(String(at(ready, 'url')), String(at(ready, 'tokens', 'ann')));

    const statuses = [
      (await api('GET', '/user')).status,
      (await api('GET', '/user')).status,
      (await api('GET', '/user')).status,
    ];

    // Whatever minute each falls in, two of three neighbours share one.
    expect(statuses).toContain(429);
  });

  it('refuses a wrong command line and a wrong seed with a reason', async () => {
    const flags = await start('--sed-file', 'x');
    const tls = await start('--tls-cert', 'x');
    const unknown = await start('--seed-file', seedFile({ projects: [{ path: 'a/b', ci_yml: '' }] }));
    const scope = await start(
      '--seed-file',
      seedFile({ tokens: [{ name: 'a', user: 'root', scopes: ['all'] }] }),
    );

    expect(flags.output.error).toContain('--sed-file');
    expect(tls.output.error).toContain('--tls-cert and --tls-key go together');
    expect(unknown.output.error).toContain('seed file projects[0].ci_yml: is unknown');
    expect(scope.output.error).toContain('seed file tokens[0].scopes: should be a list of api');
    for (const one of [flags, tls, unknown, scope]) expect(await one.exited).toBe(1);
  });
});

describe('over TLS with a private authority', { timeout: 30_000 }, () => {
  it('serves clients that trust the authority, from its own process', async () => {
    const { caFile, certFile, keyFile } = createAuthority(directory);
    const { firstLine } = await start(
      '--seed-file',
      seedFile(),
      '--tls-cert',
      certFile,
      '--tls-key',
      keyFile,
    );
    const ready: unknown = JSON.parse(firstLine);
    const url = `${at(ready, 'url')}/api/v4/user`;
    const headers = { 'PRIVATE-TOKEN': String(at(ready, 'tokens', 'ann')) };

    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(url, { headers, ca: readFileSync(caFile), agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });

    expect(url).toMatch(/^https:/);
    expect(status).toBe(200);
    await expect(fetch(url, { headers })).rejects.toThrow();
  });

  it('gives jobs to a runner that has tls-ca-file, and none to one that has not', async () => {
    const { caFile, certFile, keyFile } = createAuthority(directory);
    const sim = createGitlabSim();
    stop.push(() => sim.close());
    const { url } = await sim.listen({
      tls: { certPem: readFileSync(certFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') },
    });
    const { url: plainUrl } = await sim.listen();
    sim.addUser({ username: 'ann' });
    const { id } = sim.addProject({
      path: 'demo/app',
      ciYaml: 'hello: {script: echo hello}',
      members: { ann: 'owner' },
    });
    const api = createApiClient(plainUrl, sim.addToken({ user: 'ann', scopes: ['create_runner'] }));
    const made = await api('POST', '/user/runners', {
      body: { runner_type: 'project_type', project_id: id, run_untagged: true },
    });
    const token = String(at(made.body, 'token'));
    sim.runPipeline(id);
    const stranger = startRunner({ url, token });
    stop.push(() => stranger.dispose());
    await expect
      .poll(() => stranger.lines().map(({ status }) => String(status)), { timeout: 10_000 })
      .toContainEqual(expect.stringMatching(/certificate/));

    const runner = startRunner({ url, token, entry: `tls-ca-file = "${caFile}"` });
    stop.push(() => runner.dispose());

    await expect.poll(() => sim.jobs()[0]?.status, { timeout: 10_000 }).toBe('success');
  });
});
