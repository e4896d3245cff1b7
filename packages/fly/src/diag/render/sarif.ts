import type { JsonObject } from '@polar-gosling/kernel';
import type { Range } from '../../syntax/lines.ts';
import { type CodeEntry, codes, explainCode, type FlyCode, type Severity } from '../codes.ts';
import type { Diagnostic, Fix } from '../diagnostic.ts';
import { maskSecrets } from '../mask.ts';
import { createFingerprints } from './fingerprint.ts';
import type { ReportOptions } from './gitlab.ts';
import { isClean } from './json.ts';

export interface SarifOptions extends ReportOptions {
  /** Version of the program that found them. */
  readonly toolVersion?: string;
}

const levels: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

/** A SARIF 2.1.0 log with one run; its rules are the codes that occur. */
export function diagnosticsToSarif(list: readonly Diagnostic[], options: SarifOptions = {}): JsonObject {
  const { prefix = '', toolVersion } = options;
  const found = [...new Set(list.map(({ code }) => code))].sort();
  const fingerprintOf = createFingerprints();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'gosling',
            ...(toolVersion !== undefined && { version: toolVersion }),
            rules: found.map(toRule),
          },
        },
        columnKind: 'unicodeCodePoints',
        results: list.map((diagnostic) => ({
          ...toResult(diagnostic, prefix),
          ruleIndex: found.indexOf(diagnostic.code),
          partialFingerprints: { 'gosling/v1': fingerprintOf(diagnostic) },
        })),
      },
    ],
  };
}

function toRule(code: FlyCode): JsonObject {
  const entry: CodeEntry = codes[code];
  return {
    id: code,
    shortDescription: { text: entry.title },
    fullDescription: { text: entry.why },
    help: { text: explainCode(code) ?? entry.why },
    defaultConfiguration: { level: levels[entry.severity] },
  };
}

function toResult(diagnostic: Diagnostic, prefix: string): JsonObject {
  const { code, severity, message, file, range, path, related, fixes } = diagnostic;
  const place = toPlace(`${prefix}${file}`, range);
  const clean = fixes.filter(isClean);
  return {
    ruleId: code,
    level: levels[severity],
    message: { text: maskSecrets(message) },
    locations: [
      { ...place, ...(path !== undefined && { logicalLocations: [{ fullyQualifiedName: path }] }) },
    ],
    ...(related.length > 0 && {
      relatedLocations: related.map((other) => ({
        ...toPlace(`${prefix}${other.file}`, other.range),
        message: { text: maskSecrets(other.message) },
      })),
    }),
    ...(clean.length > 0 && { fixes: clean.map((fix) => toFix(fix, `${prefix}${file}`)) }),
  };
}

function toFix({ title, edits }: Fix, file: string): JsonObject {
  const replacements = edits.map(({ range, text }) => ({
    deletedRegion: toRegion(range),
    insertedContent: { text },
  }));
  return {
    description: { text: maskSecrets(title) },
    artifactChanges: [{ artifactLocation: { uri: toUri(file) }, replacements }],
  };
}

function toPlace(file: string, range: Range): JsonObject {
  return {
    physicalLocation: { artifactLocation: { uri: toUri(file) }, region: toRegion(range) },
  };
}

function toRegion({ start, end }: Range): JsonObject {
  return { startLine: start.line, startColumn: start.col, endLine: end.line, endColumn: end.col };
}

/** A relative reference: each part of the path is escaped. */
function toUri(file: string): string {
  return file.split('/').map(escapePart).join('/');
}

function escapePart(part: string): string {
  // Half of a surrogate pair has no escape.
  return encodeURIComponent(part.toWellFormed());
}
