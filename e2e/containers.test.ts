import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { createWorld, localEgg, localRunners, pace, root, until, type World } from './support/world.ts';

const docker = process.env['POLAR_DOCKER_URL'];
const noDocker = 'POLAR_DOCKER_URL names no Docker Engine (root and dockerd are needed)';
let world: World;
let projectId: number;
let image = '';

beforeEach(async ({ skip }) => {
  skip(docker === undefined, noDocker);
  const script = join(root, 'scripts/engines/make-runner-image.sh');
  const socket = (docker ?? '').replace('unix://', '');
  image = execFileSync('bash', [script, socket], { encoding: 'utf8' }).trim();
  world = await createWorld();
  const ciYaml = `work:
  tags: [box]
  script:
    - id -un
    - cat /proc/1/cmdline | tr '\\0' ' ' | head -c 9
    - cat ${world.dataDir}/cli-token || echo no-token-here
`;
  ({ id: projectId } = world.sim.addProject({ path: 'team/box', ciYaml, members: { ada: 'owner' } }));
  await world.pushNest({
    'Eggs/box/config.fly': localEgg(world, {
      ...{ name: 'box', projectId, tags: ['box'] },
      runner: '    concurrent   = 1\n    idle_timeout = "10s"',
    }),
  });
});
afterEach(async () => {
  // Absent when what comes before it has failed or was skipped.
  const opened: World | undefined = world;
  if (opened !== undefined) await endWorld(opened);
});

/** GitLab of the test is on this host's loopback: containers share its network. */
const upWithContainers = (more: Record<string, string> = {}) =>
  world.up({
    ...pace({ sweepEveryMs: 1_000, heartbeatMs: 2_000 }),
    GOSLING_LOCAL_RUNNERS: 'auto',
    GOSLING_UNSAFE_LOCAL: '0',
    GOSLING_LOCAL_IMAGE: image,
    GOSLING_LOCAL_NETWORK: 'host',
    DOCKER_HOST: docker ?? '',
    ...more,
  });

describe('local runners where a Docker Engine answers', { timeout: 180_000 }, () => {
  it('are containers: a job runs in one as another user, and nothing is left', async () => {
    const up = await upWithContainers();
    await registered(world);
    world.sim.push(projectId);

    const [id = ''] = await until('a runner is begun', async () => someOf(await localRunners(world.dataDir)));
    const record = await until('it is a container', () => containerOf(id));
    const labels = await until('it is there', () => labelsOf(record.name));
    const [job] = await jobsEnded(world, projectId);
    const health = (await world.api('/health')).body;
    await until('the idle one is removed', async () =>
      (await localRunners(world.dataDir)).length === 0 ? true : undefined,
    );

    expect(up.log()).toContain(`local runners: containers of ${image}`);
    expect(labels).toMatchObject({ 'polar-gosling-egg': 'box', 'polar-gosling-runner': id });
    expect(job?.status).toBe('success');
    const { trace = '' } = job ?? {};
    expect(trace).toContain('gosling-job');
    expect(trace).toMatch(/\/bin\/sh/);
    expect(trace).toContain('no-token-here');
    const dependency = health.dependencies.find(({ name }: { name: string }) => name === 'local runners');
    expect(dependency).toMatchObject({ ok: true, detail: expect.stringContaining(image) });
    expect(labelsOf(record.name)).toBeUndefined();
    expect(world.sim.violations).toEqual([]);
  });

  it('go on while the control plane is gone, and are found again', async () => {
    const first = await upWithContainers();
    await registered(world);
    world.sim.push(projectId);
    const [id = ''] = await until('a runner is begun', async () => someOf(await localRunners(world.dataDir)));
    const record = await until('it is a container', () => containerOf(id));
    await jobsEnded(world, projectId);

    await first.kill('SIGKILL');
    const meanwhile = labelsOf(record.name);
    await upWithContainers();
    await until('the idle one is removed', async () =>
      (await localRunners(world.dataDir)).length === 0 ? true : undefined,
    );

    expect(meanwhile).toMatchObject({ 'polar-gosling-runner': id });
    expect(labelsOf(record.name)).toBeUndefined();
  });

  it('are refused with what to do where containers are asked for and no engine answers', async () => {
    await upWithContainers({
      GOSLING_LOCAL_RUNNERS: 'container',
      DOCKER_HOST: `unix://${world.dir}/none.sock`,
    });
    await registered(world);
    world.sim.push(projectId);

    const problem = await until('the Egg says so', async () => {
      const { body } = await world.api('/eggs/box/status');
      return body.problems?.find(({ code }: { code: string }) => code === 'LOCAL_REFUSED');
    });

    expect(problem.detail).toContain('GOSLING_LOCAL_RUNNERS=process');
    expect(existsSync(join(world.dataDir, 'local-runners'))).toBe(false);
  });
});

function someOf<One>(found: readonly One[]): readonly One[] | undefined {
  return found.length > 0 ? found : undefined;
}

function containerOf(id: string): { readonly name: string } | undefined {
  const file = join(world.dataDir, 'local-runners', id, 'container.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

function labelsOf(name: string): Record<string, string> | undefined {
  const socket = (docker ?? '').replace('unix://', '');
  const url = `http://docker/containers/${name}/json`;
  const text = execFileSync('curl', ['-s', '--unix-socket', socket, url], { encoding: 'utf8' });
  return JSON.parse(text).Config?.Labels;
}
