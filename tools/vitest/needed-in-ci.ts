/**
 * Is a test skipped for want of OpenTofu, or of Go to build it or the providers of the tests with? CI has both: there
 * such a skip is a failure, like an engine that is missing.
 */
export function isNeededInCi(reason: string | undefined): boolean {
  return reason !== undefined && /\b(OpenTofu|Go)\b/.test(reason);
}
