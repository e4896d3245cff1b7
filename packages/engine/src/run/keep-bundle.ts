import { sha256Hex } from '@polar-gosling/kernel';
import { contentKey } from '@polar-gosling/ports/blobs';
import type { CallOptions } from '@polar-gosling/ports/store';
import { packBundle, type TofuRun } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';

const patienceMs = 10_000;

/**
 * Keeps the bundle of a run before its plan is applied; answers the key that rows name it by. The same bundle is kept
 * once. Machines do not wait for it: where it cannot be kept, the plan names none.
 */
export async function keepBundle(
  deps: Pick<InternalDeps, 'blobs' | 'log'>,
  { run, tofu }: { run: { readonly id: string }; tofu: TofuRun },
  options: CallOptions,
): Promise<string | undefined> {
  const files = tofu.bundle?.();
  if (files === undefined) return undefined;
  const bytes = packBundle(files);
  const key = contentKey('bundles', sha256Hex(bytes));
  try {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(patienceMs)]);
    await deps.blobs.write(key, bytes, { signal });
    return key;
  } catch (error) {
    options.signal.throwIfAborted();
    deps.log.warn('the bundle of a run could not be kept', { runId: run.id, error });
    return undefined;
  }
}
