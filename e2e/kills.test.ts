import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobsEnded, registered } from './support/jobs.ts';
import { idleAgents, killNow, tofuProcesses } from './support/victims.ts';
import { createWorld, localEgg, localRunners, type Running, until, type World } from './support/world.ts';

const kills = Number(process.env['POLAR_KILLS'] ?? 50);
const seed = Number(process.env['POLAR_SEED'] ?? 20_261_123);

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.remove());

it(`loses nothing in ${kills} random SIGKILLs of control plane, OpenTofu and idle agents (seed ${seed})`, {
  timeout: 900_000,
}, async () => {
  // The runner of an agent that is killed lives on for a moment, and may take a job in it.
  const retry = '  retry: { max: 2, when: [runner_system_failure, runner_interrupted] }\n';
  const ciYaml = `work:\n  tags: [kills]\n  parallel: 2\n${retry}  script:\n    - sleep 0.3\n`;
  const { id } = world.sim.addProject({ path: 'team/kills', ciYaml, members: { ada: 'owner' } });
  const runner = '    concurrent   = 4\n    idle_timeout = "2s"';
  await world.pushNest({
    'Eggs/kills/config.fly': localEgg(world, { name: 'kills', projectId: id, tags: ['kills'], runner }),
  });
  let up = await world.up();
  await registered(world);
  const random = randomOf(seed);
  const done = { control: 0, tofu: 0, agent: 0 };
  const killed = new Set<string>();

  while (done.control + done.tofu + done.agent < kills) {
    world.sim.push(id);
    await pause(200 + random() * 1_300);
    const kind = await killOne(up, { chance: random(), killed });
    if (kind === undefined) continue;
    done[kind] += 1;
    if (kind === 'control') up = await world.up();
  }
  const jobs = await jobsEnded(world, id, 240_000);

  console.log(`kills: ${JSON.stringify(done)}, jobs: ${jobs.length}`);
  // A kind that was never there to be killed was never tried.
  expect(Object.entries(done).filter(([, count]) => count === 0)).toEqual([]);
  expect(jobs.filter(({ status }) => status !== 'success')).toEqual([]);
  // No job ended but with the agent that we killed.
  const retried = world.sim.jobs(id).filter(({ isRetried }) => isRetried);
  expect(retried.filter(({ systemId = '' }) => !killed.has(systemId))).toEqual([]);
  await until(
    'every runner is gone',
    async () => ((await localRunners(world.dataDir)).length === 0 ? true : undefined),
    120_000,
  );
  await until('the store knows it', async () => {
    const { body } = await world.api('/runners?limit=100');
    return body.items.length === 0 ? true : undefined;
  });
  expect(world.sim.violations).toEqual([]);
});

/** Kills one thing that is there to be killed: OpenTofu or an idle agent where there is one, else the control plane. */
async function killOne(
  up: Running,
  { chance, killed }: { chance: number; killed: Set<string> },
): Promise<'control' | 'tofu' | 'agent' | undefined> {
  if (chance < 0.35) {
    const tofu = await soon(() => tofuProcesses(world)[0]);
    return tofu !== undefined && killNow(tofu) ? 'tofu' : undefined;
  }
  if (chance < 0.6) {
    const agent = await soon(async () => (await idleAgents(world))[0]);
    if (agent === undefined || !killNow(agent.pid)) return undefined;
    killed.add(agent.systemId);
    return 'agent';
  }
  await up.kill('SIGKILL');
  return 'control';
}

/** What appears within 3 s. */
async function soon<Found>(
  look: () => Promise<Found | undefined> | Found | undefined,
): Promise<Found | undefined> {
  const endsAt = performance.now() + 3_000;
  while (performance.now() < endsAt) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(10);
  }
  return undefined;
}

/** mulberry32: the same seed, the same kills. */
function randomOf(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
