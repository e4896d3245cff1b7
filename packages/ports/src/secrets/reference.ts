import { revealOf, type Secret } from '@polar-gosling/kernel';
import { secretErrors } from './errors.ts';

const segment = /^[A-Za-z0-9_.@=+-]+$/;
const maxReferenceLength = 512;
/** The smallest limit among the backends (Lockbox, Secrets Manager), held by all. */
const maxValueLength = 65_536;

/** Refuses what some backend could not take as a reference: SECRET_BAD_REFERENCE. */
export function checkReference(reference: string): string {
  if (reference.length > maxReferenceLength) {
    throw secretErrors.badReference({ reference: `${reference.slice(0, 40)}…`, problem: 'it is too long' });
  }
  for (const part of reference.split('/')) {
    if (part === '.' || part === '..' || !segment.test(part)) {
      const problem = 'it must be words of A-Z a-z 0-9 _ . @ = + - with / between them';
      throw secretErrors.badReference({ reference, problem });
    }
  }
  return reference;
}

/** Refuses a value that some backend could not take: SECRET_TOO_BIG. */
export function checkSecretValue(reference: string, value: Secret): Secret {
  const { length } = revealOf(value);
  if (length > maxValueLength) throw secretErrors.tooBig({ reference, most: maxValueLength });
  return value;
}
