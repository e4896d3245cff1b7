import { type Diagnostic as FlyDiagnostic, maskSecrets } from '@polar-gosling/fly';
import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import { rangeOf } from '../positions.ts';
import type { Snapshot } from '../snapshot.ts';

const severities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
} as const;

/** Everything that is wrong with the file, as the editor shows it. */
export function diagnosticsOf(snapshot: Snapshot): Diagnostic[] {
  return snapshot.diagnostics.map((diagnostic) => toLsp(snapshot, diagnostic));
}

/** One diagnostic of Fly as one of the protocol. */
export function toLsp(snapshot: Snapshot, diagnostic: FlyDiagnostic): Diagnostic {
  const { source } = snapshot;
  const related = diagnostic.related.flatMap((place) => {
    const home = snapshot.nest.find(({ parsed }) => parsed.file === place.file);
    const location = home && { uri: home.uri, range: rangeOf(home, place.range) };
    return location ? [{ location, message: maskSecrets(place.message) }] : [];
  });
  return {
    range: rangeOf(source, diagnostic.range),
    severity: severities[diagnostic.severity],
    code: diagnostic.code,
    source: 'fly',
    message: [
      diagnostic.message,
      ...diagnostic.notes,
      ...inEnvironments(diagnostic),
      ...omittedOf(diagnostic),
    ]
      .map(maskSecrets)
      .join('\n'),
    ...(related.length > 0 && { relatedInformation: related }),
  };
}

function omittedOf({ omitted }: FlyDiagnostic): string[] {
  return omitted === undefined ? [] : [`and ${omitted} more in this file`];
}

function inEnvironments({ envs }: FlyDiagnostic): string[] {
  return envs === undefined ? [] : [`in the environments ${envs.join(', ')}`];
}
