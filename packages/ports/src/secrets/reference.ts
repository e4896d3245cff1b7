import {
  looksLikeSecretUri,
  parseSecretUri,
  printSecretUri,
  revealOf,
  type Secret,
  type SecretBackend,
  type SecretUri,
} from '@polar-gosling/kernel';
import { secretErrors } from './errors.ts';
import { secretRole } from './role.ts';
import type { SecretCall } from './secret-store.ts';

const maxReferenceLength = 512;
/** The smallest limit among the backends (Lockbox, Secrets Manager), held by all. */
const maxValueBytes = 65_536;

/** Where a backend keeps what is named without a scheme: `gitlab/{server}/{egg}/api-token`. */
export interface SecretHome {
  readonly backend: SecretBackend;
  /** Stands before the name of a secret: `gosling/`. */
  readonly prefix?: string;
  readonly mount?: string;
  readonly folder?: string;
}

/** Refuses what some backend could not take as a reference without a scheme: SECRET_BAD_REFERENCE. */
export function checkReference(reference: string, role = roleOfText(reference)): string {
  const problem = 'it must be two or more words of A-Z a-z 0-9 _ . @ = + - with / between them';
  const result = parseSecretUri(`local://${reference}`);
  if (reference.length > maxReferenceLength)
    throw secretErrors.badReference({ role, problem: 'it is too long' });
  if (result.kind === 'bad' || reference.includes('#')) throw secretErrors.badReference({ role, problem });
  return reference;
}

/** The place of a reference in one backend: of the layout at its home, of a URI where it says. SECRET_BAD_REFERENCE. */
export function locateSecret(reference: string, home: SecretHome, role = roleOfText(reference)): SecretUri {
  const { backend, prefix = '', ...parameters } = home;
  if (!looksLikeSecretUri(reference)) {
    const slash = checkReference(reference, role).lastIndexOf('/');
    const id = prefix + reference.slice(0, slash);
    return { backend, id, key: reference.slice(slash + 1), ...parameters };
  }
  const result = parseSecretUri(reference);
  const problem = result.kind === 'bad' ? result.problem : wrongBackend(result.uri, backend);
  if (result.kind === 'bad' || problem !== undefined) {
    throw secretErrors.badReference({ role, problem: problem ?? 'it has another backend' });
  }
  return result.uri;
}

/** As `locateSecret`, of a place that is written: a version that is named cannot be. */
export function locateForWriting(reference: string, home: SecretHome, role?: string): SecretUri {
  const uri = locateSecret(reference, home, role);
  if (uri.version === undefined && uri.stage === undefined) return uri;
  const problem = 'a named version cannot be written';
  throw secretErrors.badReference({ role: role ?? roleOfText(reference), problem });
}

/** The name under which a flat backend keeps a reference, with or without `local://` before it. */
export function localName(reference: string, role?: string): string {
  return printSecretUri(locateSecret(reference, { backend: 'local' }, role)).slice('local://'.length);
}

/** Refuses a value that some backend could not take: SECRET_TOO_BIG. */
export function checkSecretValue(role: string, value: Secret): Secret {
  if (bytesOf(revealOf(value)) > maxValueBytes) throw secretErrors.tooBig({ role, most: maxValueBytes });
  return value;
}

/** How a secret is named in messages. */
export function roleOf(reference: string, call: SecretCall): string {
  return call.role ?? roleOfText(reference);
}

/** Somebody may have written a token in the place of its reference: only what has the form of one is looked at. */
function roleOfText(reference: string): string {
  const isReference = parseSecretUri(`local://${reference}`).kind === 'ok' || looksLikeSecretUri(reference);
  return isReference ? secretRole(reference) : 'a secret';
}

function wrongBackend(uri: SecretUri, backend: SecretBackend): string | undefined {
  return uri.backend === backend ? undefined : `it is one of ${uri.backend}, not of ${backend}`;
}

/** As UTF-8. */
function bytesOf(text: string): number {
  let bytes = text.length;
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (code > 0x7f) bytes += code > 0x7ff ? 2 : 1;
  }
  return bytes;
}
