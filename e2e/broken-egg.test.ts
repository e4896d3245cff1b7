import { afterAll, beforeAll, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded } from './support/jobs.ts';
import {
  createWorld,
  git,
  localEgg,
  localRunners,
  pace,
  publicHere,
  until,
  type World,
} from './support/world.ts';

let world: World;
let appId: number;
let otherId: number;

const ciYaml = 'work:\n  script:\n    - echo done\n';
const appFile = 'Eggs/app/config.fly';
const otherFile = 'Eggs/other/config.fly';

beforeAll(async () => {
  world = await createWorld();
  ({ id: appId } = world.sim.addProject({ path: 'team/app', ciYaml, members: { ada: 'owner' } }));
  ({ id: otherId } = world.sim.addProject({ path: 'team/other', ciYaml, members: { ada: 'owner' } }));
  await world.pushNest({ [appFile]: localEgg(world, { name: 'app', projectId: appId }) });
  const at = publicHere(world);
  await world.up({ ...at, ...pace({ sweepEveryMs: 2_000 }) });
  await until('the webhook is made', () => world.sim.hooks(appId)[0]);
});
afterAll(() => endWorld(world));

interface Synced {
  readonly status: string;
  readonly changes_detected: { readonly diagnostics: readonly { readonly code: string }[] };
}

/** The newest sync, once it has seen this commit. */
function syncOf(commit: string): Promise<Synced> {
  return until(`${commit} is synced`, async () => {
    const { body } = await world.api('/sync?limit=1');
    return body.items[0]?.git_commit === commit ? body.items[0] : undefined;
  });
}

/** Codes of what is wrong, but for this Nest being no project of a GitLab. */
async function problems(): Promise<string[]> {
  const { body } = await world.api('/health');
  const codes: string[] = body.problems.map(({ code }: { code: string }) => code);
  return codes.filter((code) => code !== 'NEST_UNKNOWN_PROJECT');
}

async function runPipeline(projectId: number): Promise<readonly string[]> {
  world.sim.push(projectId);
  return (await jobsEnded(world, projectId)).map(({ status }) => status);
}

it('keeps the last good version of an Egg whose file is broken, and takes the good ones', async () => {
  const good = localEgg(world, { name: 'app', projectId: appId });
  const broken = good.replace('executor = "shell"', 'executor = "shel"');
  const line = broken.split('\n').findIndex((text) => text.includes('shel"')) + 1;

  const commit = await world.pushNest({
    [appFile]: broken,
    [otherFile]: localEgg(world, { name: 'other', projectId: otherId }),
  });
  const sync = await syncOf(commit);
  const app = await world.api('/eggs/app');
  const other = await world.api('/eggs/other');
  const status = await world.cli(['status']);
  const asJson = await world.cli(['status', '--json', '--exit-status']);

  expect(sync).toMatchObject({ status: 'partial', changes_detected: { new: ['other'], invalid: ['app'] } });
  expect(sync.changes_detected.diagnostics).toEqual([
    expect.objectContaining({ severity: 'error', file: appFile, line }),
  ]);
  const code = sync.changes_detected.diagnostics[0]?.code;
  expect(app.body).toMatchObject({ status: 'invalid', problem: { code, file: appFile, line } });
  expect(app.body.git_commit).not.toBe(commit);
  expect(other.body).toMatchObject({ status: 'active', git_commit: commit });
  expect(status.stdout).toContain(`${appFile}:${line}`);
  expect(status.stdout).toContain(code);
  expect(asJson.code).toBe(8);
  expect(await runPipeline(appId)).toEqual(['success']);
});

it('takes the repaired file, and nothing of the error is left', async () => {
  const commit = await world.pushNest({ [appFile]: localEgg(world, { name: 'app', projectId: appId }) });
  const sync = await syncOf(commit);
  const app = await world.api('/eggs/app');
  const status = await world.cli(['status']);

  expect(sync.status).toBe('success');
  expect(app.body).toMatchObject({ status: 'active', git_commit: commit });
  expect(app.body.problem).toBeUndefined();
  expect(status.stdout).not.toContain(appFile);
  expect(await problems()).toEqual([]);
});

it('drains a removed Egg: its job ends well, then runner, registration, webhook and rows go', async () => {
  world.sim.setCiYaml(otherId, 'work:\n  script:\n    - sleep 4\n    - echo done\n');
  const hook = await until('the webhook is made', () => world.sim.hooks(otherId)[0]);
  world.sim.push(otherId);
  const job = await until('its job runs', () =>
    world.sim.jobs(otherId).find(({ status }) => status === 'running'),
  );

  const commit = await world.pushNest({ [otherFile]: undefined });
  await syncOf(commit);

  expect((await jobsEnded(world, otherId)).map(({ id, status }) => [id, status])).toEqual([
    [job.id, 'success'],
  ]);
  await until('the Egg is forgotten', async () =>
    (await world.api('/eggs/other')).status === 404 ? true : undefined,
  );
  const registrations = world.sim.runners().map(({ projectIds }) => [...projectIds]);
  const runners = await world.api('/runners?limit=100');
  const secrets = await world.cli(['secret', 'list']);
  const runsOfOther = (await world.api('/audit?limit=100')).body.items;
  expect(registrations).toEqual([[appId]]);
  expect(world.sim.hooks(otherId)).toEqual([]);
  expect(hook.url).toContain('/webhooks/gitlab');
  expect(runners.body.items.map(({ egg_name }: { egg_name: string }) => egg_name)).not.toContain('other');
  expect(secrets.stdout).not.toContain('/other/');
  expect(runsOfOther).toContainEqual(expect.objectContaining({ action: 'forget', resource_id: 'other' }));
  expect((await world.api('/eggs')).body.items.map(({ name }: { name: string }) => name)).toEqual(['app']);
});

it('holds a branch that was rewound, and goes on when it is put right', async () => {
  const before = await git(world.nest.tree, 'rev-parse', 'HEAD');
  await git(world.nest.tree, 'push', '--quiet', '--force', 'origin', 'HEAD~1:main');
  const rewound = await git(world.nest.tree, 'rev-parse', 'HEAD~1');

  expect(await syncOf(rewound)).toMatchObject({ status: 'held' });

  await git(world.nest.tree, 'push', '--quiet', 'origin', `${before}:main`);
  expect(await syncOf(before)).toMatchObject({ status: 'success' });
  expect(await problems()).toEqual([]);
});

it('holds a commit that removes every Egg until it is confirmed', async () => {
  const commit = await world.pushNest({ [appFile]: undefined });

  const sync = await syncOf(commit);
  const status = await world.cli(['status']);
  expect(sync).toMatchObject({ status: 'held', error_message: 'no Egg would be left' });
  expect(status.stdout).toContain(`gosling sync --confirm ${commit}`);
  expect(await problems()).toEqual(['SYNC_HELD']);
  expect((await runPipeline(appId)).at(-1)).toBe('success');
  expect((await world.api('/eggs/app')).body.status).toBe('active');

  const confirmed = await world.cli(['sync', '--confirm', commit]);

  expect(confirmed.code).toBe(0);
  await until('the Egg is forgotten', async () =>
    (await world.api('/eggs/app')).status === 404 ? true : undefined,
  );
  expect(world.sim.runners()).toEqual([]);
  expect(world.sim.hooks(appId)).toEqual([]);
  expect(await localRunners(world.dataDir)).toEqual([]);
  expect(world.sim.violations).toEqual([]);
});
