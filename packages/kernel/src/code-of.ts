/** The code that the platform or the system gives a failure (`ENOENT`); `undefined` where there is none. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return String(error.code);
}
