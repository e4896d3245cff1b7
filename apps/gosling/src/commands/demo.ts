import path from 'node:path';
import { serverSlug } from '@polar-gosling/domain';
import { Secret } from '@polar-gosling/kernel';
import { readConfig } from '@polar-gosling/mothergoose';
import { openLocalSecrets } from '@polar-gosling/wiring';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { pushNest } from '../demo/demo-nest.ts';
import { createDemoWorld, type DemoWorld } from '../demo/demo-world.ts';
import { ensureTofu } from '../demo/ensure-tofu.ts';
import { showFirstJob } from '../demo/show-first-job.ts';
import { stopLocalRunners } from '../demo/stop-local-runners.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../ui/progress.ts';
import type { Progress } from '../ui/stage.ts';
import { type Instance, startInstance } from '../up/start-instance.ts';
import { unwind } from '../up/unwind.ts';
import { userBinDir } from '../user-bin-dir.ts';

/** `gosling demo`: everything real on this machine, GitLab simulated, one job from a push to green. */
export const run: Command = async (context, input) => {
  const { output, clock, signal } = context;
  const progress = createProgress({
    out: output.stdout,
    clock,
    isTty: output.stdout.isTty,
    color: output.stdout.hasColour,
    json: context.flags.json,
  });
  const undo: (() => Promise<void>)[] = [];
  try {
    const world = await createDemoWorld(context);
    undo.push(() => world.remove());
    const nestCommit = await initNest(context, { world, progress });
    const instance = await startHere(context, world);
    undo.push(() => stopLocalRunners(path.join(world.dir, 'data')));
    undo.push(() => instance.stop());
    await prepare(context, { instance, progress });
    await showFirstJob({ world, instance, nestCommit, progress, clock, signal });
    progress.close();
    if (!input.flag('once')) await stayUp(context, { world, instance });
    return exitCodes.ok;
  } catch (error) {
    if (!signal.aborted) throw error;
    return input.flag('once') ? exitCodes.interrupted : exitCodes.ok;
  } finally {
    progress.close();
    await unwind(undo);
  }
};

async function initNest(
  { signal }: CliContext,
  { world, progress }: { world: DemoWorld; progress: Progress },
): Promise<string> {
  const stage = progress.stage('Nest initialised and pushed');
  const commit = await pushNest(world, signal);
  stage.done(`commit ${commit.slice(0, 8)}`);
  return commit;
}

async function startHere(context: CliContext, world: DemoWorld): Promise<Instance> {
  const { env, clock, ids, signal, output } = context;
  const dataDir = path.join(world.dir, 'data');
  const reading = readConfig({
    ...env,
    GOSLING_DATA_DIR: dataDir,
    GOSLING_LISTEN: env['GOSLING_LISTEN'] ?? '127.0.0.1:0',
    GOSLING_PUBLIC_URL: undefined,
    GOSLING_NEST_URL: `file://${world.nest.bare}`,
    GOSLING_UNSAFE_LOCAL: '1',
    // Its GitLab is on loopback, which no container sees.
    GOSLING_LOCAL_RUNNERS: 'process',
  });
  if (reading.kind === 'wrong') {
    throw cliErrors.badConfig({
      problems: reading.problems.map(({ name, message }) => `${name}: ${message}`),
    });
  }
  const reference = `gitlab/${serverSlug(world.server)}/default/api-token`;
  await openLocalSecrets({ dataDir, clock }).write(reference, new Secret(world.apiToken), { signal });
  return startInstance({
    config: reading.config,
    env,
    clock,
    ids,
    writeLog: (line) => {
      if (context.flags.debug) output.stderr.write(line);
    },
    logFormat: 'json',
    pace: { heartbeatMs: 5_000, syncEveryMs: 60_000, pruneEveryMs: 1_000 },
    isPublicHere: true,
    nestProject: { server: world.server, url: world.gitlabUrl, path: world.nest.path },
    signal,
  });
}

/** OpenTofu is there, and it is said how jobs run. */
async function prepare(context: CliContext, at: { instance: Instance; progress: Progress }): Promise<void> {
  const { instance, progress } = at;
  const { env, clock, signal } = context;
  const stage = progress.stage('OpenTofu');
  try {
    const binDir = userBinDir(env);
    const mirror = env['GOSLING_TOFU_MIRROR'];
    const tool = await ensureTofu({ parts: instance.parts, binDir, mirror, env, clock, stage }, signal);
    stage.done(`${tool.product} ${tool.version} (${tool.source})`);
    if (tool.product === 'terraform')
      progress.line(
        'warning: terraform stands in for OpenTofu, and encrypts neither states nor plans; install OpenTofu for real use',
      );
  } catch (error) {
    stage.fail(error instanceof Error ? error.message : String(error));
    throw error;
  }
  if (process.getuid?.() !== 0) {
    progress.line('note: jobs run as your own user here (GOSLING_UNSAFE_LOCAL=1 is set for the demo only)');
  }
}

async function stayUp(context: CliContext, at: { world: DemoWorld; instance: Instance }): Promise<void> {
  const { signal } = context;
  const { instance, world } = at;
  const [job] = world.sim.jobs(world.project.id);
  showHints(context, {
    url: `${instance.url}/`,
    pageUrl: await instance.pageLink(),
    dataDir: path.join(world.dir, 'data'),
    jobUrl: job?.webUrl ?? 'JOB-URL',
  });
  const ended = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const failure = await Promise.any([ended, instance.failed]);
  if (failure !== undefined) throw failure;
}

function showHints(
  { output, flags }: CliContext,
  { url, pageUrl, dataDir, jobUrl }: { url: string; pageUrl: string; dataDir: string; jobUrl: string },
): void {
  if (flags.json) {
    output.data(JSON.stringify({ event: 'up', url, page_url: pageUrl, data_dir: dataDir, job_url: jobUrl }));
    return;
  }
  output.data('');
  output.data(`API: ${url}`);
  output.data(`For a browser, once, the status page: ${pageUrl}`);
  output.data('Look around from another terminal:');
  output.data(`  export GOSLING_DATA_DIR=${dataDir}`);
  output.data('  ./gosling status');
  output.data(`  ./gosling why ${jobUrl}`);
  output.data('  ./gosling status --page   # another link for a browser');
  output.data('Ctrl-C ends the demo and leaves nothing behind.');
}
