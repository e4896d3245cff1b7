import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { Authority } from './authority.ts';
import { root, until } from './world.ts';

/** The GitLab simulator as a process of its own, over TLS. */
export interface GitlabProcess extends AsyncDisposable {
  readonly url: string;
  /** `host:port`. */
  readonly server: string;
  readonly projects: Readonly<Record<string, number>>;
  readonly tokens: Readonly<Record<string, string>>;
  /** Its control API: what a person or another system does to GitLab. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers
  control(name: string, body?: object): Promise<any>;
  /** REST as a user of GitLab. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers
  api(path: string, token: string): Promise<any>;
}

export async function startGitlab(options: {
  dir: string;
  authority: Authority;
  seed: object;
  ratePerMinute: number;
}): Promise<GitlabProcess> {
  const { authority } = options;
  const seedFile = join(options.dir, 'seed.json');
  writeFileSync(seedFile, JSON.stringify(options.seed));
  const tls = ['--tls-cert', authority.certFile, '--tls-key', authority.keyFile];
  const rate = ['--rate-limit', `${options.ratePerMinute}/min`];
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(root, 'packages/gitlab-sim/src/main.ts'),
      ...['--seed-file', seedFile, '--control', '--port', '0'],
      ...tls,
      ...rate,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: {} },
  );
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const ready = await until('the simulator listens', () => {
    if (child.exitCode !== null) throw new Error(`the simulator ended: ${said}`);
    const line = said.split('\n').find((each) => each.startsWith('{'));
    return line !== undefined && said.includes('\n') ? JSON.parse(line) : undefined;
  });
  const dispatcher = new Agent({ connect: { ca: authority.caPem } });
  const ask = async (path: string, init: { method: 'GET' | 'POST'; headers: object; body?: string }) => {
    const headers = Object.fromEntries(Object.entries(init.headers));
    const answer = await request(`${ready.url}${path}`, { ...init, headers, dispatcher });
    const body = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${path} answered ${answer.statusCode}: ${body}`);
    return JSON.parse(body);
  };
  return {
    ...ready,
    server: new URL(ready.url).host,
    control: (name, body = {}) =>
      ask(`/sim/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    api: (path, token) => ask(`/api/v4${path}`, { method: 'GET', headers: { 'private-token': token } }),
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy();
      child.kill('SIGTERM');
      await exited;
    },
  };
}
