import { blobErrors } from './errors.ts';

const segment = /^[A-Za-z0-9_.@=+-]{1,255}$/;
const maxKeyLength = 900;

/** Refuses what some backend (or a file system) could not take as a key: BLOB_BAD_KEY. */
export function checkBlobKey(key: string): string {
  const isKey = key.length <= maxKeyLength && key.split('/').every(isSegment);
  if (!isKey) throw blobErrors.badKey({ key: key.slice(0, 200) });
  return key;
}

/** The same for a prefix, whose last part may be cut off anywhere. */
export function checkBlobPrefix(prefix: string): string {
  const parts = prefix.split('/');
  const last = parts.pop() ?? '';
  const isPrefix =
    prefix.length <= maxKeyLength &&
    parts.every(isSegment) &&
    (last === '' || segment.test(last)) &&
    last !== '..';
  if (!isPrefix) throw blobErrors.badKey({ key: prefix.slice(0, 200) });
  return prefix;
}

function isSegment(part: string): boolean {
  return segment.test(part) && part !== '.' && part !== '..';
}
