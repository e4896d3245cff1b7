import { isCoded } from '@polar-gosling/kernel';
import { type MothergooseConfig, readConfig } from '@polar-gosling/mothergoose';
import { z } from 'zod';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import type { Environment } from '../config.ts';
import { exitCodes } from '../exit-codes.ts';
import { openSecretStore } from '../secret-store.ts';
import { type Instance, type InstanceOptions, startInstance } from '../up/start-instance.ts';

const nestUrlReference = 'nest/repo-url';

/** `gosling up`: the embedded instance, until a signal; one that comes while it starts is as good as a later one. */
export const run: Command = async (context) => {
  const { output, signal } = context;
  const instance = await unlessEnded(signal, () => start(context));
  if (instance === undefined) return exitCodes.ok;
  try {
    await unlessEnded(signal, () => announce(context, instance));
    await untilEnd(signal, instance.failed);
  } finally {
    output.talk('stopping …');
    await instance.stop();
  }
  return exitCodes.ok;
};

/** `undefined` where it could not be finished because a signal came. */
async function unlessEnded<Result>(
  signal: AbortSignal,
  action: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!signal.aborted) throw error;
    return undefined;
  }
}

async function start(context: CliContext): Promise<Instance> {
  const { output, clock, ids, env, signal } = context;
  const config = await withNest(context, configOf(context));
  const logFormat = config.log.format ?? (output.stderr.isTty ? 'pretty' : 'json');
  return startInstance({
    config,
    env,
    clock,
    ids,
    writeLog: (line) => output.stderr.write(line),
    logFormat,
    pace: testPace(env),
    computeDir: env['POLAR_COMPUTE_DIR'],
    signal,
  });
}

const Pace = z.strictObject({
  heartbeatMs: z.number().min(1_000).optional(),
  syncEveryMs: z.number().min(200).optional(),
  sweepEveryMs: z.number().min(200).optional(),
  pruneEveryMs: z.number().min(200).optional(),
});

/** `POLAR_PACE` (JSON, for tests only, as `POLAR_COMPUTE_DIR` is) makes things happen more often. */
function testPace(env: Environment): NonNullable<InstanceOptions['pace']> {
  const parsed = Pace.parse(JSON.parse(env['POLAR_PACE'] ?? '{}'));
  return Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== undefined));
}

function configOf(context: CliContext): MothergooseConfig {
  const reading = readConfig(context.env);
  if (reading.kind === 'ok') return reading.config;
  const problems = reading.problems.map(({ name, message }) => `${name}: ${message}`);
  throw cliErrors.badConfig({ problems });
}

/** Without GOSLING_NEST_URL: the address that `gosling init` stored. */
async function withNest(context: CliContext, config: MothergooseConfig): Promise<MothergooseConfig> {
  if (config.nest.url !== undefined) return config;
  const secrets = openSecretStore(context);
  const stored = await secrets.read(nestUrlReference, { signal: context.signal });
  await secrets.close();
  if (stored === undefined) throw cliErrors.noNest({});
  return { ...config, nest: { ...config.nest, url: stored.reveal() } };
}

async function announce({ output, signal }: CliContext, instance: Instance): Promise<void> {
  output.talk(`MotherGoose listens at ${instance.url}`);
  // What is no terminal may be a log, and a log is no place for a link that signs in.
  const page = output.stderr.isTty ? await instance.pageLink() : 'gosling status --page prints a link';
  output.talk(`status page: ${page}`);
  const { publicUrl } = instance;
  const mode =
    publicUrl === undefined
      ? 'poll mode: no GOSLING_PUBLIC_URL, GitLab is asked'
      : `webhooks reach us at ${publicUrl}`;
  output.talk(mode);
  try {
    const tool = await instance.parts.tofu.tool({ signal });
    output.talk(`OpenTofu: ${tool.product} ${tool.version} (${tool.path})`);
  } catch (error) {
    if (!isCoded(error) || signal.aborted) throw error;
    output.talk(`warning: ${error.message}`);
  }
  output.talk(`local runners: ${instance.localRunners}`);
  output.talk('gosling status shows what happens; Ctrl-C stops (runners go on)');
}

async function untilEnd(signal: AbortSignal, failed: Promise<unknown>): Promise<void> {
  const ended = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const error = await Promise.any([ended, failed]);
  if (error !== undefined) throw error;
}
