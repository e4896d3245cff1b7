import { TextDecoder } from 'node:util';
import { gitErrors } from '@polar-gosling/ports/git';
import type { GitLimits } from './limits.ts';

export interface TreeFile {
  readonly path: string;
  readonly oid: string;
  readonly sizeBytes: number;
}

export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

const maxNamed = 1_000;

/** Reads `ls-tree -r -z -l` as it comes: keeps the `.fly` files, names what cannot be read, ends at the limits. */
export function createTreeListing(limits: GitLimits) {
  const files: TreeFile[] = [];
  const tooBig: TreeFile[] = [];
  const leftOut: LeftOut[] = [];
  const names = new TextDecoder('utf-8', { fatal: true });
  let rest = Buffer.alloc(0);
  let entries = 0;
  let totalBytes = 0;

  const leave = (path: string, reason: string) => {
    if (leftOut.length < maxNamed) leftOut.push({ path, reason });
  };
  const takeEntry = (entry: Buffer) => {
    if (++entries > limits.maxTreeEntries) {
      throw gitErrors.tooBig({ what: 'its tree', limit: `${limits.maxTreeEntries} entries` });
    }
    const found = parseEntry(entry, names);
    const reason = reasonToLeave(found);
    if (reason !== undefined) leave(found.path, reason);
    else if (isFly(found.path)) {
      const { path, oid, sizeBytes } = found;
      const isTooBig = sizeBytes > limits.maxFileBytes;
      (isTooBig ? tooBig : files).push({ path, oid, sizeBytes });
      if (!isTooBig) totalBytes += sizeBytes;
    }
    checkTotals({ count: files.length + tooBig.length, totalBytes }, limits);
  };

  return {
    take(chunk: Buffer): void {
      rest = Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0, start)) {
        takeEntry(rest.subarray(start, end));
        start = end + 1;
      }
      rest = rest.subarray(start);
    },
    result: () => ({ files, tooBig, leftOut }),
  };
}

interface Entry extends TreeFile {
  readonly mode: string;
  readonly isUtf8: boolean;
}

function parseEntry(entry: Buffer, names: TextDecoder): Entry {
  const tab = entry.indexOf(9);
  const [mode = '', , oid = '', size = ''] = entry.toString('latin1', 0, tab).split(/ +/);
  const raw = entry.subarray(tab + 1);
  const sizeBytes = Number.parseInt(size, 10) || 0;
  try {
    return { mode, oid, sizeBytes, path: names.decode(raw), isUtf8: true };
  } catch {
    return { mode, oid, sizeBytes, path: raw.toString('latin1'), isUtf8: false };
  }
}

function reasonToLeave(entry: Entry): string | undefined {
  if (entry.mode === '160000') return 'a submodule';
  if (entry.mode === '120000') return 'a symbolic link';
  if (!isFly(entry.path)) return undefined;
  if (!entry.isUtf8) return 'its name is not UTF-8';
  return isPlain(entry.path) ? undefined : 'its path is not plain';
}

function isFly(path: string): boolean {
  return path.endsWith('.fly');
}

/** A tree made by hand may hold names that leave the Nest when they are joined to a directory. */
function isPlain(path: string): boolean {
  return path.split('/').every((part) => !['', '.', '..'].includes(part) && !/[\p{Cc}\\]/u.test(part));
}

function checkTotals(at: { count: number; totalBytes: number }, limits: GitLimits): void {
  if (at.count > limits.maxFiles) {
    throw gitErrors.tooBig({ what: 'its .fly files', limit: `${limits.maxFiles} files` });
  }
  if (at.totalBytes > limits.maxTotalBytes) {
    throw gitErrors.tooBig({ what: 'its .fly files together', limit: `${limits.maxTotalBytes} bytes` });
  }
}
