import { sha256Hex } from '@polar-gosling/kernel';
import { contentKey } from '@polar-gosling/ports/blobs';
import type { CallOptions } from '@polar-gosling/ports/store';
import { type BundleFiles, packBundle, type TofuRun } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';

const patienceMs = 10_000;

/** Puts a bundle where rows name it, before any does. */
export async function storeBundle(
  { blobs }: Pick<InternalDeps, 'blobs'>,
  files: BundleFiles,
  options: CallOptions,
): Promise<{ ref: string; sha256: string }> {
  const bytes = packBundle(files);
  const sha256 = sha256Hex(bytes);
  const ref = contentKey('bundles', sha256);
  await blobs.write(ref, bytes, options);
  return { ref, sha256 };
}

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
  try {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(patienceMs)]);
    return (await storeBundle(deps, files, { signal })).ref;
  } catch (error) {
    options.signal.throwIfAborted();
    deps.log.warn('the bundle of a run could not be kept', { runId: run.id, error });
    return undefined;
  }
}
