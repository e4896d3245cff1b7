import type { JsonObject } from '@polar-gosling/kernel';
import type { Range } from '../../syntax/lines.ts';
import type { Diagnostic, Fix } from '../diagnostic.ts';
import { maskInPlace, maskSecrets } from '../mask.ts';
import type { RenderOptions } from './pretty.ts';

/** Version of the shape below. */
const version = 1;

/** Diagnostics for programs: one object each, secrets masked. */
export function diagnosticsToJson(
  list: readonly Diagnostic[],
  options: Pick<RenderOptions, 'sources'> = {},
): JsonObject[] {
  return list.map((diagnostic) => {
    const { code, severity, message, file, range, path, notes, related, fixes, envs, omitted } = diagnostic;
    const snippet = options.sources?.get(file)?.split('\n')[range.start.line - 1];
    return {
      v: version,
      code,
      severity,
      phase: phaseOf(code),
      message: maskSecrets(message),
      file,
      range: toJson(range),
      ...(path !== undefined && { path }),
      ...(snippet !== undefined && { snippet: maskInPlace(snippet.trimEnd()) }),
      notes: notes.map(maskSecrets),
      ...(envs !== undefined && { envs }),
      ...(omitted !== undefined && { omitted }),
      related: related.map((place) => ({
        message: maskSecrets(place.message),
        file: place.file,
        range: toJson(place.range),
      })),
      // A fix that would print a secret is left out.
      fixes: fixes.filter(isClean).map(({ title, safety, edits }) => ({
        title: maskSecrets(title),
        safety,
        edits: edits.map((edit) => ({ range: toJson(edit.range), text: edit.text })),
      })),
      doc: code.toLowerCase(),
    };
  });
}

/** Prints no secret. */
export function isClean(fix: Fix): boolean {
  return fix.edits.every((edit) => maskSecrets(edit.text) === edit.text);
}

function toJson({ start, end }: Range): JsonObject {
  return { start: { ...start }, end: { ...end } };
}

/** The phase that finds a code, by its number. */
function phaseOf(code: string): string {
  const number = Number(code.slice(3));
  if (number < 20) return 'tokens';
  if (number < 30) return 'structure';
  if (number < 50) return 'schema';
  if (number < 70) return 'rules';
  if (number < 80) return 'references';
  if (number < 90) return 'nest';
  if (number < 100) return 'limits';
  return number < 200 ? 'lint' : 'live';
}
