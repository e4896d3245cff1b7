import type { Clock, IdSource } from '@polar-gosling/kernel';
import { joinChunks } from '@polar-gosling/ports/blobs';
import { deleteObject, getObject, putObject, type S3Place } from './s3-objects.ts';
import { spooledText } from './spool.ts';

/** Keys of the adapter's own; hidden from who lists. */
export const ownPrefix = '.gosling/';
const verdictKey = `${ownPrefix}conditional-writes.json`;
const currentForMs = 24 * 60 * 60 * 1_000;

export type ConditionalWrites = 'held' | 'ignored';

/**
 * Does the bucket refuse to overwrite where it should? Some services answer 200 to `If-None-Match: *` and overwrite.
 * The verdict lies in the bucket beside the values: asked again after a day, or when `isFresh` is wanted.
 */
export async function findConditionalWrites(
  place: S3Place,
  deps: { clock: Clock; ids: IdSource },
  options: { signal: AbortSignal; isFresh?: boolean },
): Promise<ConditionalWrites> {
  const { clock } = deps;
  const { signal, isFresh = false } = options;
  const recorded = isFresh ? undefined : await readVerdict(place, signal);
  if (recorded !== undefined && clock.now() - recorded.checkedAt < currentForMs) return recorded.verdict;
  const verdict = await probe(place, deps.ids, signal);
  const text = JSON.stringify({ verdict, checked_at: clock.now() });
  await putObject(place, { key: verdictKey, spooled: spooledText(text) }, signal);
  return verdict;
}

/** Two conditional writes of a new key: the second one must be refused with 412. */
async function probe(place: S3Place, ids: IdSource, signal: AbortSignal): Promise<ConditionalWrites> {
  const key = `${ownPrefix}probe-${ids.next()}`;
  const write = (text: string) => putObject(place, { key, spooled: spooledText(text), once: true }, signal);
  try {
    await write('first');
    return (await write('second')) === 'exists' ? 'held' : 'ignored';
  } finally {
    await deleteObject(place, key, signal);
  }
}

async function readVerdict(
  place: S3Place,
  signal: AbortSignal,
): Promise<{ verdict: ConditionalWrites; checkedAt: number } | undefined> {
  const chunks = await getObject(place, verdictKey, signal);
  if (chunks === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of chunks) parts.push(part);
  const recorded = readJson(joinChunks(parts));
  const { verdict, checked_at: checkedAt } = recorded;
  if ((verdict !== 'held' && verdict !== 'ignored') || typeof checkedAt !== 'number') return undefined;
  return { verdict, checkedAt };
}

/** What somebody else wrote there counts as nothing. */
function readJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}
