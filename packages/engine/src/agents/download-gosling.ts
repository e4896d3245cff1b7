import type { CallOptions } from '@polar-gosling/ports/store';
import type { GoslingRequest } from '../api/agents.ts';
import type { EngineDeps } from '../api/engine.ts';
import { agentErrors } from '../errors.ts';
import { entryOf } from '../rows/entry-of.ts';
import { readRunner, refuse } from './bootstrap.ts';

/**
 * The agent for a machine that boots: of the version its entry names, and of the SHA-256 that the machine's user data
 * name. The token stays good for the exchange that follows.
 */
export async function downloadGosling(
  deps: EngineDeps,
  request: GoslingRequest,
  options: CallOptions,
): Promise<Uint8Array> {
  const { runner, agent } = await readRunner(deps, request.runnerId, options);
  refuse(deps, { request, runner, agent });
  const entry = entryOf(runner);
  const platform = `${request.os}_${request.arch ?? entry.arch ?? 'amd64'}`;
  if (entry.gosling === undefined) throw agentErrors.noBinary({ version: 'of any version', platform });
  const { version, sha256 } = entry.gosling;
  const bytes = await deps.binaries.gosling.read({ version, platform, sha256 }, options);
  if (bytes === undefined) throw agentErrors.noBinary({ version, platform });
  deps.log.info('a machine fetched its agent', { runnerId: runner.id, egg: runner.egg_name });
  return bytes;
}
