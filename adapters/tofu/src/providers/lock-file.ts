export const lockFileName = '.terraform.lock.hcl';

/** A provider as a lock file holds it. */
export interface LockedProvider {
  /** `host/namespace/type` */
  readonly source: string;
  readonly version: string;
}

/** The choices that OpenTofu wrote down; it keeps one form. */
export function readLockFile(text: string): readonly LockedProvider[] {
  return [...text.matchAll(/^provider "([^"]+)" \{\s*version\s*=\s*"([^"]+)"/gm)].map(
    ([, source = '', version = '']) => ({ source, version }),
  );
}
