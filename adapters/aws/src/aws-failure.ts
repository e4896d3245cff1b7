import { type CodedError, isCoded } from '@polar-gosling/kernel';
import { secretErrors } from '@polar-gosling/ports/secrets';

const refusals = [
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'UnrecognizedClientException',
  'CredentialsProviderError',
  'MissingAuthenticationTokenException',
];
/** Of the request or the account: no try again makes them well. */
const lasting = [
  'LimitExceededException',
  'MalformedPolicyDocumentException',
  'InvalidParameterException',
  'ValidationException',
];

/** Without the text of the SDK's message: it may repeat what was sent. */
export function toSecretError(
  error: unknown,
  at: { role: string; op: 'unreadable' | 'unwritable' },
): CodedError {
  if (isCoded(error)) return error;
  const name = error instanceof Error ? error.name : 'unknown failure';
  const { role } = at;
  if (refusals.includes(name) || lasting.includes(name)) {
    return secretErrors.denied({ role, backend: 'AWS Secrets Manager', reason: name });
  }
  return secretErrors[at.op]({ role, reason: `AWS Secrets Manager: ${reasonOf(error, name)}` });
}

function reasonOf(error: unknown, name: string): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? `${name} (${code})` : name;
}
