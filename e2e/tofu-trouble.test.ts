import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Why } from '@polar-gosling/api-contract';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { findTestTofu } from './support/tofu.ts';
import { killNow, tofuProcesses } from './support/victims.ts';
import { createWorld, localEgg, localRunners, pace, until, type World } from './support/world.ts';

let world: World;
let projectId: number;

beforeEach(async () => {
  world = await createWorld();
  const ciYaml = 'work:\n  script:\n    - echo done\n';
  ({ id: projectId } = world.sim.addProject({ path: 'team/app', ciYaml, members: { ada: 'owner' } }));
  const runner = '    concurrent   = 2\n    max_jobs     = 1\n    idle_timeout = "30s"';
  await world.pushNest({ 'Eggs/app/config.fly': localEgg(world, { name: 'app', projectId, runner }) });
});
afterEach(() => endWorld(world));

const often = pace({ sweepEveryMs: 1_000 });

async function up(env: Record<string, string> = {}): Promise<void> {
  await world.up({ ...often, ...env });
  await registered(world);
}

async function problem(code: string): Promise<{ code: string; detail: string }> {
  return until(`the Egg shows ${code}`, async () => {
    const { body } = await world.api('/eggs/app/status');
    return body.problems?.find((one: { code: string }) => one.code === code);
  });
}

/** Taken back when the run has ended, which may be after its job. */
function noProblems(): Promise<true> {
  return until('no problem is left', async () => {
    const { body } = await world.api('/eggs/app/status');
    return body.problems.length === 0 ? true : undefined;
  });
}

async function why(): Promise<Why> {
  const [job] = world.sim.jobs(projectId).filter(({ status }) => status === 'pending');
  return (await world.api(`/why/${world.server}/${projectId}/${job?.id}`)).body;
}

/** An OpenTofu whose applies fail as long as `condition` (shell) holds; `$n` is the number of the apply. */
function failingTofu(condition: string): { path: string; applies(): number } {
  const path = join(world.dir, 'failing-tofu');
  const counter = join(world.dir, 'applies');
  const diagnostic = JSON.stringify({
    '@level': 'error',
    '@message': 'Error: the host is full',
    type: 'diagnostic',
    diagnostic: { severity: 'error', summary: 'the host is full', detail: 'nothing more fits' },
  });
  const script = `#!/bin/sh
if [ "$1" = apply ]; then
  echo x >> '${counter}'
  n=$(wc -l < '${counter}')
  if ${condition}; then echo '${diagnostic}'; exit 1; fi
fi
exec '${findTestTofu()}' "$@"
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  writeFileSync(counter, '');
  return { path, applies: () => readFileSync(counter, 'utf8').length / 2 };
}

it('starts without OpenTofu, says what lacks, and runs the job as soon as it is there', async () => {
  const path = join(world.dir, 'tofu-to-come');
  await up({ GOSLING_TOFU_BIN: path });
  world.sim.push(projectId);

  const { detail } = await problem('TOFU_MISSING');
  const status = await world.cli(['status']);
  const { verdict, blockers } = await why();
  expect(detail).toContain(path);
  expect(status.stdout).toContain('TOFU_MISSING');
  expect(verdict).toBe('waiting');
  expect(blockers).toContainEqual(expect.objectContaining({ code: 'TOFU_MISSING', detail }));

  symlinkSync(findTestTofu(), path);

  expect((await jobsEnded(world, projectId)).map((job) => job.status)).toEqual(['success']);
  await noProblems();
});

it('tries again when OpenTofu fails, shows why, and ends green', async () => {
  const tofu = failingTofu('[ "$n" -le 2 ]');
  await up({ GOSLING_TOFU_BIN: tofu.path });
  world.sim.push(projectId);

  const { detail } = await problem('TOFU_APPLY_FAILED');
  expect(detail).toContain('the host is full');
  expect((await jobsEnded(world, projectId)).map(({ status }) => status)).toEqual(['success']);

  const { body } = await world.api('/eggs/app/status');
  const history: { kind: string; status: string }[] = body.deployment_history;
  const launches = history.filter(({ kind }) => kind !== 'destroy').map(({ status }) => status);
  expect(launches.toReversed().slice(0, 3)).toEqual(['failed', 'failed', 'applied']);
  await noProblems();
});

it('backs off when OpenTofu fails for good: three tries, then one in a minute', async () => {
  const tofu = failingTofu('true');
  await up({ GOSLING_TOFU_BIN: tofu.path });
  world.sim.push(projectId);

  await problem('EGG_BACKOFF');
  const told = await until('why tells of the back-off', async () => {
    const answer = await why();
    return answer.blockers.some(({ code }) => code === 'backoff') ? answer : undefined;
  });
  const tried = tofu.applies();
  await new Promise((resolve) => setTimeout(resolve, 5_000));

  expect(tried).toBe(3);
  expect(tofu.applies()).toBe(3);
  expect(told.next).not.toBeNull();
  expect(await localRunners(world.dataDir)).toEqual([]);
});

it('settles an OpenTofu that was killed in the middle of an apply: green, nothing leaks', async () => {
  await up();
  for (const afterMs of [0, 60, 150]) {
    world.sim.push(projectId);
    const pid = await until('an apply runs', () => tofuProcesses(world, 'apply')[0]);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    killNow(pid);
  }

  expect((await jobsEnded(world, projectId)).map(({ status }) => status)).toEqual([
    'success',
    'success',
    'success',
  ]);

  await until('runners that live and runners that are known are the same', async () => {
    const { body } = await world.api('/runners?limit=100');
    const known = body.items.map(({ id }: { id: string }) => id).toSorted();
    const living = (await localRunners(world.dataDir)).toSorted();
    return known.length <= 2 && JSON.stringify(known) === JSON.stringify(living) ? true : undefined;
  });
  expect(world.sim.violations).toEqual([]);
});

it('names the port that is taken', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const ended = await world.cli(['up'], { env: { GOSLING_LISTEN: `127.0.0.1:${port}` } });
  server.close();

  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toMatch(new RegExp(`${port}.*(taken|in use)`));
  expect(ended.stderr).toContain('GOSLING_LISTEN');
});

it('refuses a second instance on one data directory and leaves the first alone', async () => {
  const first = await world.up(often);

  const second = await world.cli(['up']);

  expect(second.code).toBe(6);
  expect(second.stderr).toContain(world.dataDir);
  expect(second.stderr).toContain(String(first.child.pid));
  world.sim.push(projectId);
  expect((await jobsEnded(world, projectId)).map(({ status }) => status)).toEqual(['success']);
});
