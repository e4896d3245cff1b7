import { readFile } from 'node:fs/promises';
import { isCoded } from '@polar-gosling/kernel';
import { type LimitsSource, limitsErrors, parseLimits } from '@polar-gosling/ports/limits';
import type { CallOptions } from '@polar-gosling/ports/store';
import { blobStores, type EngineDeps } from './engines/registry.ts';
import type { BlobSettings } from './engines/settings.ts';

const mostBytes = 1024 * 1024;

export interface LimitsOptions extends EngineDeps {
  /** `GOSLING_LIMITS`: a path, `s3://bucket/key`, or the limits themselves as JSON. */
  readonly place: string;
  /** Endpoint and region of S3, as for blobs. */
  readonly blobs: BlobSettings;
}

/** Reads the limits anew each time, so that they change without a restart. */
export function openLimits(options: LimitsOptions): LimitsSource {
  const { place } = options;
  const isInline = place.trimStart().startsWith('{');
  const shown = isInline ? 'its own text' : place;
  return {
    async read(call) {
      const text = isInline ? place : await readText(options, call);
      const reading = parseLimits(text);
      if (reading.kind === 'ok') return reading.limits;
      throw limitsErrors.wrong({ place: shown, problems: reading.problems.join('; ') });
    },
  };
}

async function readText(options: LimitsOptions, call: CallOptions): Promise<string> {
  const { place } = options;
  try {
    const bytes = place.startsWith('s3://')
      ? await readObject(options, call)
      : await readFile(place, { signal: call.signal });
    if (bytes !== undefined && bytes.byteLength <= mostBytes) return new TextDecoder().decode(bytes);
  } catch (error) {
    call.signal.throwIfAborted();
    if (isCoded(error, 'BLOB_CORRUPT')) throw error;
    throw limitsErrors.unreadable({ place }, { cause: error });
  }
  throw limitsErrors.unreadable({ place });
}

/** `s3://bucket/path/of/limits.json`: whatever stands before its last part is the folder of a blob store. */
async function readObject(options: LimitsOptions, call: CallOptions): Promise<Uint8Array | undefined> {
  const { place } = options;
  const cut = place.lastIndexOf('/');
  const settings = { ...options.blobs, place: place.slice(0, cut) };
  const { blobs, close } = await blobStores.s3.open(settings, options);
  try {
    return await blobs.read(place.slice(cut + 1), call);
  } finally {
    await close();
  }
}
