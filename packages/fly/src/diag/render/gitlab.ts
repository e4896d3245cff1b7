import type { JsonObject } from '@polar-gosling/kernel';
import type { Severity } from '../codes.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { maskSecrets } from '../mask.ts';
import { createFingerprints } from './fingerprint.ts';

export interface ReportOptions {
  /** What stands before each path: the folder of the Nest inside its repository, with a slash behind it. */
  readonly prefix?: string;
}

const severities: Readonly<Record<Severity, string>> = { error: 'major', warning: 'minor', info: 'info' };

/** A GitLab code quality report: one entry each, with a fingerprint that stays when lines move. */
export function diagnosticsToGitlab(
  list: readonly Diagnostic[],
  { prefix = '' }: ReportOptions = {},
): JsonObject[] {
  const fingerprintOf = createFingerprints();
  return list.map((diagnostic) => ({
    description: maskSecrets(`${diagnostic.code}: ${diagnostic.message}`),
    check_name: diagnostic.code,
    fingerprint: fingerprintOf(diagnostic),
    severity: severities[diagnostic.severity],
    location: {
      path: `${prefix}${diagnostic.file}`,
      lines: { begin: diagnostic.range.start.line, end: diagnostic.range.end.line },
    },
  }));
}
