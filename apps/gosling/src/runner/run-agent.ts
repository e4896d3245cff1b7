import type { BootstrapAnswer } from '@polar-gosling/api-contract';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { AgentDeps } from './agent-deps.ts';
import { writePrivate } from './agent-files.ts';
import { createAgentLife } from './agent-life.ts';
import { type AgentMemory, readMemory, writeMemory } from './agent-memory.ts';
import { prepareBuildDirs } from './build-dirs.ts';
import { exchangeToken } from './exchange-token.ts';
import { removeManager } from './remove-manager.ts';
import { openReportBuffer } from './report-buffer.ts';
import type { RunnerBinary } from './runner-binary.ts';
import { runnerErrors } from './runner-errors.ts';

/** The agent from its first breath to its last: exchange, files, `gitlab-runner`, reports, farewell. */
export async function runAgent(boot: BootDeps): Promise<ExitCode> {
  const { files, log } = boot;
  const booting = new AbortController();
  const stopListening = boot.onSignal(() => booting.abort());
  const ready = await prepare(boot, booting.signal).finally(stopListening);
  if (ready === undefined) return exitCodes.interrupted;

  const { memory, deps } = ready;
  await writeRunnerFiles(deps, memory.answer);
  const signal = AbortSignal.timeout(60_000);
  const dirs = await prepareBuildDirs(files, { ...deps, signal });
  const buffer = await openReportBuffer(files);
  log.info('agent started', { egg: memory.answer.egg_name, kind: deps.binary.label });
  const life = createAgentLife(deps, { memory, buffer, dirs });
  const stopSignals = deps.onSignal(life.onSignal);
  try {
    const { why, failure } = await life.run();
    log.info('agent ends', { reason: why });
    await sayGoodbye(deps, memory.answer);
    // Only here: where the life itself broke, `gitlab-runner` may still have a job in there.
    await dirs.remove();
    if (failure !== undefined) throw failure;
    return exitCodes.ok;
  } finally {
    stopSignals();
  }
}

/** An agent before it knows its `gitlab-runner`: MotherGoose may say where it is. */
export type BootDeps = Omit<AgentDeps, 'binary'> & {
  findBinary(want: BootstrapAnswer['runner_version'], signal: AbortSignal): Promise<RunnerBinary>;
};

/** Who we are and what runs the jobs. `undefined`: told to end first. */
async function prepare(
  boot: BootDeps,
  signal: AbortSignal,
): Promise<{ memory: Known; deps: AgentDeps } | undefined> {
  const memory = await bootstrap(boot, signal);
  if (memory === undefined) return undefined;
  try {
    const binary = await boot.findBinary(memory.answer.runner_version, signal);
    return { memory, deps: { ...boot, binary } };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

type Known = AgentMemory & { answer: BootstrapAnswer };

/** Who we are: from an earlier life of this process, else by the one-time token. `undefined`: told to end first. */
async function bootstrap(deps: BootDeps, signal: AbortSignal): Promise<Known | undefined> {
  const { files, runnerId } = deps;
  const kept = await readMemory(files, runnerId);
  if (kept?.answer !== undefined) return { ...kept, answer: kept.answer };
  const token = await deps.bootstrap.read();
  if (token === undefined) throw runnerErrors.noToken({});
  deps.masker.add(token);
  const memory: AgentMemory = kept ?? { runner_id: runnerId, boot_id: deps.ids.next(), seq: 0 };
  await writeMemory(files, memory);
  try {
    const who = { runnerId, bootId: memory.boot_id };
    const answer = await exchangeToken(
      deps.connect(() => token),
      who,
      { ...deps, signal },
    );
    const known = { ...memory, answer };
    await writeMemory(files, known);
    await deps.bootstrap.forget();
    return known;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function writeRunnerFiles({ files }: AgentDeps, { gitlab }: BootstrapAnswer): Promise<void> {
  await writePrivate(files.systemId, gitlab.system_id);
  if (gitlab.ca_pem !== undefined) await writePrivate(files.caFile, gitlab.ca_pem);
}

/** GitLab forgets this machine at once rather than after days; failing is fine. */
async function sayGoodbye(deps: AgentDeps, { gitlab }: BootstrapAnswer): Promise<void> {
  try {
    const signal = new AbortController().signal;
    const status = await removeManager(gitlab, { fetch: deps.gitlabFetch(gitlab.ca_pem), signal });
    deps.log.info('manager removed from GitLab', { status });
  } catch (error) {
    deps.log.warn('the manager stays in GitLab until it is stale there', { error });
  }
}
