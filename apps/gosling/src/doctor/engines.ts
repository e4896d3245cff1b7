import { silentLogger } from '@polar-gosling/kernel';
import type { EnginePart, EngineSettings } from '@polar-gosling/wiring';
import type { CliContext } from '../cli/command.ts';
import { type Check, type Finding, fail, type NamedFinding, ok, skip } from './check.ts';

const patienceMs = 20_000;

/** What stands behind store, queue, blobs and secrets, each by the self-check of its adapter. */
export const engineChecks: readonly Check[] = [
  engineCheck('store', 'store'),
  engineCheck('queue', 'queue'),
  engineCheck('blobs', 'blobs'),
  engineCheck('secrets', 'secret store'),
];

function engineCheck(part: EnginePart, title: string): Check {
  return { id: part, title, look: (context) => lookAtEngine(part, context) };
}

async function lookAtEngine(
  part: EnginePart,
  context: CliContext,
): Promise<Finding | readonly NamedFinding[]> {
  const { readConfig } = await import('@polar-gosling/mothergoose');
  const reading = readConfig(context.env);
  if (reading.kind === 'wrong') return skip('correct the configuration first');
  const { engines } = reading.config;
  if (isRemote(part, engines) && context.flags.offline) return skip('offline');
  if (!isRemote(part, engines) && !(await isThere(context.config.dataDir)))
    return skip('no data directory yet');
  const { checkEngine } = await import('@polar-gosling/wiring');
  const found = await checkEngine(part, engines, {
    dataDir: context.config.dataDir,
    clock: context.clock,
    ids: context.ids,
    log: silentLogger,
    masker: context.masker,
    environment: context.env,
    signal: AbortSignal.any([context.signal, AbortSignal.timeout(patienceMs)]),
  });
  return found.map(({ name, ok: isOk, detail, fix }) => ({
    name,
    ...(isOk ? ok(detail) : fail(detail, fix || 'see docs/reference/configuration.md')),
  }));
}

function isRemote(part: EnginePart, { store, queue, blobs, secrets }: EngineSettings): boolean {
  const remote = {
    store: store.kind !== 'sqlite',
    queue: queue.kind !== 'sqlite',
    blobs: blobs.place?.startsWith('s3:') === true,
    secrets: secrets.backend !== 'local',
  };
  return remote[part];
}

async function isThere(path: string): Promise<boolean> {
  const { stat } = await import('node:fs/promises');
  return stat(path).then(
    () => true,
    () => false,
  );
}
