// Files that only their owner may read.
import { chmodSync, renameSync, writeFileSync } from 'node:fs';

export function writePrivately(path, text) {
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
}

/** Whole or not at all. */
export function replacePrivately(path, text) {
  writePrivately(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
