import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, createAuthority } from '@polar-gosling/testkit';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type CanaryWatch, watchCanaries } from './support/canary.ts';
import { createSource } from './support/checkout.ts';
import { freePort } from './support/free-port.ts';
import { type GitlabProcess, startGitlab } from './support/gitlab-process.ts';
import { fillIn, shellBlocks } from './support/page.ts';
import { processesOf } from './support/processes.ts';
import { type Sshd, startSshd } from './support/sshd.ts';
import { startTerminal, type Terminal, typed } from './support/terminal.ts';
import { findTestTofu } from './support/tofu.ts';
import { endFolder, root, stopLocalRunners, until } from './support/world.ts';

const blocks = shellBlocks(join(root, 'docs/getting-started.md'));
const ciYaml = 'hello:\n  script:\n    - echo "hello from $CI_PROJECT_PATH"\n';
const members = { ada: 'owner' };

let dir: string;
let authority: Authority;
let gitlab: GitlabProcess;
let sshd: Sshd;
let values: Record<string, string>;
let placeholders: string;
let env: Record<string, string>;
let canaries: CanaryWatch;
const terminals: Terminal[] = [];

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'gosling-page-')));
  canaries = watchCanaries({
    dir,
    dataDirs: () => [join(dir, 'nest/.gosling')],
    // The file that the page has a person make.
    mayHold: [{ path: /^gitlab-token$/, secrets: /\/api-token$/ }],
  });
  authority = createAuthority(join(dir, 'authority'));
  const source = createSource(dir);
  const repositories = join(dir, 'repositories');
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', join(repositories, 'my-group/nest.git')]);
  const ada = newKey('ada');
  sshd = await startSshd({ authorizedKeys: [], root: repositories });
  sshd.authorize([], [ada.publicKey]);
  gitlab = await startGitlab({
    dir,
    authority,
    ratePerMinute: 60,
    seed: {
      users: [{ username: 'ada' }],
      projects: [
        { path: 'my-group/my-app', ci_yaml: ciYaml, members },
        { path: 'my-group/nest', members, git_ssh_url: sshd.url('/my-group/nest.git') },
      ],
      tokens: [
        { name: 'gosling', user: 'ada', scopes: ['api'] },
        { name: 'test', user: 'ada', scopes: ['api'] },
      ],
    },
  });
  const tokenFile = join(dir, 'gitlab-token');
  writeFileSync(tokenFile, `${gitlab.tokens['gosling']}\n`, { mode: 0o600 });
  values = {
    SOURCE: source.url,
    GITLAB: gitlab.server,
    SERVER: gitlab.server.replace(':', '_'),
    PROJECT: 'my-group/my-app',
    NEST: sshd.url('/my-group/nest.git'),
    TOKEN_FILE: tokenFile,
  };
  env = { ...machine(), ...source.env, GIT_SSH_COMMAND: sshOf(ada.file) };
  placeholders = blockUnder('Getting started');
  const printed = await typed(`${placeholders}${blockUnder('2. The Nest')}`, { cwd: dir, env });
  const deployKey = /^ssh-ed25519 .* polar-gosling-mothergoose$/m.exec(printed)?.[0];
  if (deployKey === undefined) throw new Error(`no public key was shown:\n${printed}`);
  sshd.authorize([deployKey], [ada.publicKey]);
});

afterEach(async () => {
  for (const terminal of terminals.splice(0)) {
    terminal.interrupt();
    await terminal.ended();
    canaries.note('a terminal', terminal.output());
  }
});

afterAll(async () => {
  await stopLocalRunners(join(dir, 'nest/.gosling'));
  await gitlab[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
  await endFolder(dir, canaries);
});

it('leads from nothing to a green job on a GitLab of one’s own, line by line', async () => {
  await typed(`${placeholders}cd nest\n${blockUnder('3. An Egg')}`, { cwd: dir, env });
  const up = start(`${placeholders}cd nest\n${blockUnder('4. Up')}`);
  await up.shows('MotherGoose listens');
  await up.shows('poll mode');

  await gitlab.control('push', { project_id: gitlab.projects['my-group/my-app'] });
  const job = await greenJob();
  const looks = blocks.filter(({ heading }) => heading === 'Look').map(({ text }) => text);
  const status = await until('status shows the runner at rest', async () => {
    const shown = await typed(fillIn(looks[0] ?? '', values), { cwd: dir, env });
    return /my-app +active +1\/1 +0 +0/.test(shown) ? shown : undefined;
  });
  const why = await typed(fillIn(looks[1] ?? '', { ...values, JOB_URL: job.webUrl }), {
    cwd: join(dir, 'nest'),
    env,
  });

  expect(job.trace).toContain('hello from my-group/my-app');
  expect(status).not.toContain('✗');
  expect(why).toContain('it has ended');
  expect(sshd.log()).toContain('Accepted publickey');

  await takenAway();
  await interrupted(up);
  const met = [...canaries.known()].map((reference) => reference.split('/').at(-1));
  expect(met).toEqual(
    expect.arrayContaining(['api-token', 'runner-token', 'agent-token', 'mothergoose-private']),
  );
  expect(await gitlab.control('violations')).toEqual([]);
  expect(up.output()).not.toContain('"level":"error"');
  expect(sshd.log()).not.toContain('write access');
});

it('goes on with webhooks: a push of the Nest and a job are seen at once', async () => {
  const port = await freePort();
  const filled = { ...values, GOSLING_PUBLIC_URL: `http://127.0.0.1:${port}` };
  const more = { GOSLING_LISTEN: `127.0.0.1:${port}`, GOSLING_NEST_GITLAB_URL: gitlab.url };
  const webhooks = `${placeholders}cd nest\n${blockUnder('Webhooks', filled)}`;
  const up = start(webhooks, { ...env, ...more });
  await up.shows('webhooks reach us');
  await hookMade('my-group/nest');

  await typed(`${placeholders}cd nest\n${blockUnder('3. An Egg')}`, { cwd: dir, env });
  await gitlab.control('push_hook', { project_id: gitlab.projects['my-group/nest'] });
  await hookMade('my-group/my-app');
  await gitlab.control('push', { project_id: gitlab.projects['my-group/my-app'] });
  const job = await greenJob();
  await takenAway();

  expect(job.status).toBe('success');
  await interrupted(up);
  expect(await gitlab.control('violations')).toEqual([]);
});

it('shows no command that the tests above do not run', () => {
  const run = [
    'Getting started',
    '2. The Nest',
    '3. An Egg',
    '4. Up',
    'Look',
    'Look',
    'Take it away',
    'Webhooks',
  ];

  expect(blocks.map(({ heading }) => heading)).toEqual(run);
});

/** A bare machine: what the page asks for is on PATH, nothing of gosling in the environment but a free port. */
function machine(): Record<string, string> {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  symlinkSync(findTestTofu(), join(bin, 'tofu'));
  const person = { NAME: 'Ada', EMAIL: 'ada@example.com' };
  return {
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: dir,
    NO_COLOR: '1',
    NODE_EXTRA_CA_CERTS: authority.caFile,
    GOSLING_LISTEN: '127.0.0.1:0',
    GIT_AUTHOR_NAME: person.NAME,
    GIT_AUTHOR_EMAIL: person.EMAIL,
    GIT_COMMITTER_NAME: person.NAME,
    GIT_COMMITTER_EMAIL: person.EMAIL,
    // "Whose machine": without root nothing else is possible.
    ...(process.getuid?.() === 0 ? {} : { GOSLING_UNSAFE_LOCAL: '1' }),
    GOSLING_LOCAL_RUNNERS: 'process', // its GitLab is on loopback, which no container sees
  };
}

function newKey(name: string): { file: string; publicKey: string } {
  const file = join(dir, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() };
}

function sshOf(keyFile: string): string {
  const known = join(dir, 'known_hosts');
  writeFileSync(known, `${sshd.knownHosts}\n`);
  return `ssh -F /dev/null -i ${keyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${known}`;
}

function blockUnder(heading: string, filled = values): string {
  const text = blocks.find((block) => block.heading === heading)?.text;
  if (text === undefined) throw new Error(`the page has no block under "${heading}"`);
  return fillIn(text, filled);
}

function start(script: string, environment = env): Terminal {
  const terminal = startTerminal(script, { cwd: dir, env: environment });
  terminals.push(terminal);
  return terminal;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers
function greenJob(): Promise<any> {
  return until('the job is green', async () => {
    const jobs = await gitlab.control('jobs', { project_id: gitlab.projects['my-group/my-app'] });
    return jobs.find((job: { status: string }) => job.status === 'success');
  });
}

/** The Egg leaves the Nest: its runners, its registration and its webhook go. */
async function takenAway(): Promise<void> {
  const at = { cwd: join(dir, 'nest'), env };
  await typed(`${placeholders}${blockUnder('Take it away')}`, at);
  await until('status shows no Egg', async () => {
    const status = await typed('../polar-gosling/gosling status', at);
    return status.includes('no Eggs yet') ? true : undefined;
  });
  expect(await inGitlab('my-group/my-app', 'runners')).toEqual([]);
  expect(await inGitlab('my-group/my-app', 'hooks')).toEqual([]);
}

function hookMade(project: string): Promise<true> {
  return until(`the webhook of ${project}`, async () => {
    // The limit of requests holds for us too.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return (await inGitlab(project, 'hooks')).length > 0 ? true : undefined;
  });
}

function inGitlab(project: string, what: 'hooks' | 'runners'): Promise<unknown[]> {
  return gitlab.api(`/projects/${gitlab.projects[project]}/${what}`, gitlab.tokens['test'] ?? '');
}

async function interrupted(up: Terminal): Promise<void> {
  up.interrupt();
  const code = await up.ended();
  expect(code, up.output()).toBe(0);
  expect(up.output()).toContain('stopping');
  const serving = ['gitlab-sim', 'sshd'];
  const left = processesOf({ dir }).filter(({ command }) => !serving.some((name) => command.includes(name)));
  expect(left).toEqual([]);
}
