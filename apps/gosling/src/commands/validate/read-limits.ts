import type { Limits } from '@polar-gosling/domain';
import { createJsonLogger } from '@polar-gosling/kernel';
import type { CliContext } from '../../cli/command.ts';

/** The limits outside the Nest that `GOSLING_LIMITS` names, as an instance reads them; none where it is not set. */
export async function readLimits(context: CliContext): Promise<Limits | undefined> {
  const { env, clock, ids, signal, config, masker, output } = context;
  const place = env['GOSLING_LIMITS'];
  if (place === undefined || place === '') return undefined;
  const { openLimits } = await import('@polar-gosling/wiring');
  const source = openLimits({
    place,
    blobs: {
      endpoint: env['GOSLING_BLOBS_ENDPOINT'] || undefined,
      region: env['GOSLING_BLOBS_REGION'] || env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || undefined,
    },
    dataDir: config.dataDir,
    environment: env,
    clock,
    ids,
    log: createJsonLogger({
      write: (line) => output.talk(line),
      masker,
      clock,
      level: 'error',
      format: 'json',
    }),
    signal,
  });
  return source.read({ signal });
}
