import type { Diagnostic } from '@polar-gosling/fly';
import { type NestFile, readNest } from '@polar-gosling/nest';

/** Names of the environments of a Nest: the files of `Envs/`. */
export function environmentsOf(files: readonly NestFile[]): readonly string[] {
  return files.flatMap(({ path }) => /^Envs\/([^/]+)\.fly$/.exec(path)?.[1] ?? []);
}

/**
 * What is wrong with a Nest in each of the environments. What occurs in several is said once, with their names; with
 * one environment, or none, there is nothing to tell apart.
 */
export function checkEnvironments(
  files: readonly NestFile[],
  environments: readonly string[],
): readonly Diagnostic[] {
  const [first] = environments;
  if (environments.length < 2) {
    return readNest(files, { embedded: true, ...(first !== undefined && { environment: first }) })
      .diagnostics;
  }
  const found = new Map<string, { readonly diagnostic: Diagnostic; readonly envs: string[] }>();
  for (const environment of environments) {
    for (const diagnostic of readNest(files, { embedded: true, environment }).diagnostics) {
      const key = keyOf(diagnostic);
      const known = found.get(key);
      if (known === undefined) found.set(key, { diagnostic, envs: [environment] });
      else if (known.envs.at(-1) !== environment) known.envs.push(environment);
    }
  }
  return [...found.values()].map(({ diagnostic, envs }) => ({ ...diagnostic, envs })).toSorted(byPlace);
}

function keyOf({ code, file, range, message }: Diagnostic): string {
  return JSON.stringify([code, file, range.start.byte, range.end.byte, message]);
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.range.start.byte - b.range.start.byte;
}
