import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { Authority } from '@polar-gosling/testkit';
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
  const { caPem } = authority;
  const ask = async (path: string, init: { method: 'GET' | 'POST'; headers: Sent; body?: string }) => {
    const { status, text } = await send(`${ready.url}${path}`, { ...init, caPem });
    if (status >= 300) throw new Error(`${path} answered ${status}: ${text}`);
    return JSON.parse(text);
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
      child.kill('SIGTERM');
      await exited;
    },
  };
}

type Sent = Readonly<Record<string, string>>;

function send(
  url: string,
  at: { method: string; headers: Sent; body?: string; caPem: string },
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { method, headers, caPem: ca } = at;
    const asked = request(url, { method, headers, ca, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.once('error', reject);
    asked.end(at.body);
  });
}
