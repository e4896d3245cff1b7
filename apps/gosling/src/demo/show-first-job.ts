import type { Clock } from '@polar-gosling/kernel';
import { cliErrors } from '../cli-errors.ts';
import type { Progress, Stage } from '../ui/stage.ts';
import type { Instance } from '../up/start-instance.ts';
import { pushEgg } from './demo-nest.ts';
import type { DemoWorld } from './demo-world.ts';
import { createWatch, type Watch } from './watch.ts';

interface DemoContext {
  readonly world: DemoWorld;
  readonly instance: Instance;
  readonly nestCommit: string;
  readonly progress: Progress;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Each stage is shown when it has really happened, as the API and GitLab tell it. */
export async function showFirstJob(context: DemoContext): Promise<void> {
  const { world, instance, clock, signal } = context;
  const watch = createWatch({ engine: instance.engine, clock, egg: 'demo', signal });
  const show = <Result>(name: string, action: (stage: Stage) => Promise<Result>) =>
    showStage(context, { name, watch, action });

  await show('MotherGoose up, first sync', async (stage) => {
    await watch.until('the first sync', () => watch.lastSync(context.nestCommit));
    const hook = await watch.until("the Nest's webhook", () => world.sim.hooks(world.nest.projectId)[0]);
    stage.done(`${instance.url}, hook ${hook.id} on the Nest`);
  });
  await show('push hook, sync at commit', async (stage) => {
    const commit = await pushEgg(world, signal);
    world.sim.pushHookOnly(world.nest.projectId, { sha: commit, added: ['Eggs/demo/config.fly'] });
    const status = await watch.until(`the sync of ${commit}`, () => watch.lastSync(commit));
    stage.done(`${commit.slice(0, 8)}: ${status}`);
  });
  await show('registration and webhook created', async (stage) => {
    const hook = await watch.until('the webhook', () => world.sim.hooks(world.project.id)[0]);
    const runner = await watch.until('the registration', () => world.sim.runners()[0]);
    stage.done(`GitLab runner ${runner.id}, hook ${hook.id}`);
  });
  await showJob(context, { watch, show });
}

async function showJob(
  context: DemoContext,
  at: {
    watch: Watch;
    show: <Result>(name: string, action: (stage: Stage) => Promise<Result>) => Promise<Result>;
  },
): Promise<void> {
  const { world, progress } = context;
  const { watch, show } = at;
  const jobId = await show('pipeline starts, job pending', async (stage) => {
    world.sim.push(world.project.id, { title: 'Say hello' });
    const job = await watch.until('the job', () => world.sim.jobs(world.project.id)[0]);
    stage.done(`job ${job.id} (tags: ${job.tags.join(', ')})`);
    return job.id;
  });
  await show('job hook, matched', async (stage) => {
    const runner = await watch.until('a launch', () => watch.runner());
    stage.done(`egg demo, runner ${runner.row.id}`);
  });
  await show('OpenTofu plan, guard, apply', async (stage) => {
    await watch.until('the apply', async () => ((await watch.runner())?.row.made ? true : undefined));
    stage.done(await watch.hasPlan());
  });
  await show('runner boots, trades its one-time token', async (stage) => {
    const runner = await watch.until('the bootstrap', async () => {
      const found = await watch.runner();
      return found?.agent?.boot_id === undefined ? undefined : found;
    });
    stage.done(runner.why);
  });
  await show('job runs', async (stage) => {
    const job = await watch.until('the end of the job', () => {
      const found = world.sim.job(jobId);
      return ['success', 'failed', 'canceled'].includes(found.status) ? found : undefined;
    });
    for (const line of job.trace.trimEnd().split('\n'))
      progress.line(`  │ ${line.replace(/[^\x20-\x7e]/g, '')}`);
    if (job.status !== 'success')
      throw cliErrors.demoFailed({ stage: 'job runs', detail: `${job.status}: ${job.failureReason}` });
    stage.done(job.status);
  });
  await show('runner idle, pruned by UglyFox', async (stage) => {
    const runner = await watch.until('the mark', async () => {
      const found = await watch.runner();
      return found === undefined || ['draining', 'terminating'].includes(found.row.state)
        ? { found }
        : undefined;
    });
    stage.done(runner.found?.why ?? 'gone');
  });
  await show('OpenTofu removes it', async (stage) => {
    await watch.until('the removal', async () => ((await watch.runner()) === undefined ? true : undefined));
    stage.done('nothing is left');
  });
}

async function showStage<Result>(
  { progress, signal }: DemoContext,
  at: { name: string; watch: Watch; action: (stage: Stage) => Promise<Result> },
): Promise<Result> {
  const stage = progress.stage(at.name);
  try {
    const result = await at.action(stage);
    stage.done();
    return result;
  } catch (error) {
    if (signal.aborted) {
      stage.fail('interrupted');
      throw error;
    }
    const hindered = await at.watch.problems().catch(() => '');
    const detail = `${error instanceof Error ? error.message : String(error)}${hindered && ` (${hindered})`}`;
    stage.fail(detail);
    throw cliErrors.demoFailed({ stage: at.name, detail }, { cause: error });
  }
}
