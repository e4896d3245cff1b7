import { type CodedError, isCoded } from '@polar-gosling/kernel';

/** The stable code of a failure, for people and scripts: MotherGoose's own where it is her refusal that we carry. */
export function shownCode(error: unknown): string {
  if (!isCoded(error)) return 'CLI_INTERNAL';
  return serverCode(error) ?? error.code;
}

function serverCode({ code, params }: CodedError): string | undefined {
  const given = code.startsWith('API_') ? params['code'] : undefined;
  return typeof given === 'string' && /^[A-Z][A-Z0-9_]{1,79}$/.test(given) ? given : undefined;
}
