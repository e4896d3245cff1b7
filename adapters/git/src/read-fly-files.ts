import { gitErrors, type NestFile } from '@polar-gosling/ports/git';
import { createBlobBatch } from './blob-batch.ts';
import { reasonOf } from './git-failure.ts';
import { type LocalGit, runLocal } from './local-git.ts';
import { isObjectName } from './object-name.ts';
import { createTreeListing, type LeftOut, type TreeFile } from './tree-listing.ts';

/** Reads the `.fly` files of a commit out of the object store: no work tree, so no filter, hook or link is met. */
export async function readFlyFiles(
  git: LocalGit,
  commit: string,
  signal: AbortSignal,
): Promise<{ files: NestFile[]; leftOut: LeftOut[] }> {
  if (!isObjectName(commit)) throw gitErrors.failed({ what, reason: 'that is no commit' });
  const tree = await listTree(git, commit, signal);
  const blobs = await readBlobs(git, tree.files, signal);
  // What is not UTF-8 becomes a replacement character, which Fly reports.
  const text = new TextDecoder('utf-8', { ignoreBOM: true });
  const read = tree.files.map(({ path }, index): NestFile => ({ path, text: text.decode(blobs[index]) }));
  const unread = tree.tooBig.map(({ path, sizeBytes }): NestFile => ({ path, text: '', sizeBytes }));
  return { files: [...read, ...unread], leftOut: tree.leftOut };
}

const what = 'read the Nest';

async function listTree(git: LocalGit, commit: string, signal: AbortSignal) {
  const listing = createTreeListing(git.limits);
  const args = ['ls-tree', '-r', '-z', '-l', '--full-tree', commit];
  const result = await runLocal(git, { args, onOutput: listing.take, what }, signal);
  if (result.exitCode !== 0) throw gitErrors.failed({ what, reason: reasonOf(result.stderr) });
  return listing.result();
}

async function readBlobs(
  git: LocalGit,
  files: readonly TreeFile[],
  signal: AbortSignal,
): Promise<readonly Buffer[]> {
  if (files.length === 0) return [];
  const batch = createBlobBatch();
  const stdin = files.map(({ oid }) => `${oid}\n`).join('');
  const result = await runLocal(
    git,
    { args: ['cat-file', '--batch', '--buffer'], stdin, onOutput: batch.take, what },
    signal,
  );
  const isWhole = result.exitCode === 0 && batch.blobs().length === files.length;
  if (!isWhole) throw gitErrors.failed({ what, reason: reasonOf(result.stderr) });
  return batch.blobs();
}
