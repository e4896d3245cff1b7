import { type BinarySource, binaryErrors, binarySecretProblem } from '@polar-gosling/ports/binaries';
import { secretErrors } from '@polar-gosling/ports/secrets';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { SourceReference } from '../api/tools.ts';
import type { InternalDeps } from '../deps.ts';

/** The source with the secret that its references name. Fails with SECRET_MISSING, BINARY_BAD_REQUEST. */
export async function resolveSource(
  deps: InternalDeps,
  source: SourceReference,
  options: CallOptions,
): Promise<BinarySource> {
  const { auth, ...plain } = source;
  if (auth === undefined) return plain;
  const problem = binarySecretProblem(auth.secretRef);
  if (problem !== undefined) throw binaryErrors.badRequest(problem);
  const secret = await deps.secrets.read(auth.secretRef, options);
  if (secret === undefined) {
    const fix = `put it there: gosling secret put ${auth.secretRef}`;
    throw secretErrors.missing({ role: 'token of the source of binaries', fix });
  }
  return {
    ...plain,
    auth: auth.kind === 'header' ? { kind: 'header', name: auth.name, secret } : { kind: auth.kind, secret },
  };
}
