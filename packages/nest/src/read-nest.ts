import { type Diagnostic, type ParsedFile, parseFly } from '@polar-gosling/fly';
import { loadFiles } from './load-files.ts';
import { LoadMemory } from './load-memory.ts';
import type { NestFile, NestOptions, NestRead } from './nest-read.ts';
import { NestReader } from './nest-reader.ts';

/**
 * Reads a whole Nest: never throws, reports everything at once. A file with an error, or that depends on one,
 * gives nothing (its last good version stays in force); all other files are read as if it were not there.
 */
export function readNest(files: readonly NestFile[], options: NestOptions): NestRead {
  const memory = new LoadMemory();
  return new NestReader(loadFiles(parseFiles(files), options, memory), options, memory).read();
}

/** The files of a Nest as trees. */
export function parseFiles(files: readonly NestFile[]): readonly ParsedFile[] {
  return files.map(({ path, text, sizeBytes = 0 }) => parseFly(text, { file: path, bytesInNest: sizeBytes }));
}

/** Names of the environments of a Nest: the files of `Envs/`. */
export function environmentsOf(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => /^Envs\/([^/]+)\.fly$/.exec(path)?.[1] ?? []).toSorted();
}

export interface CheckNestOptions extends Pick<NestOptions, 'before' | 'limits'> {
  /** For who checks a Nest again and again. */
  readonly memory?: LoadMemory;
}

/**
 * What is wrong with a Nest in each of the environments (in none, where none are given). What occurs in several is
 * said once, with their names; with a single one there is nothing to tell apart.
 */
export function checkNest(
  files: readonly ParsedFile[],
  environments: readonly string[],
  { memory = new LoadMemory(), before, limits }: CheckNestOptions = {},
): readonly Diagnostic[] {
  const read = (environment?: string) => {
    const options = {
      embedded: true,
      ...(environment !== undefined && { environment }),
      ...(before && { before }),
      ...(limits && { limits }),
    };
    return new NestReader(loadFiles(files, options, memory), options, memory).read().diagnostics;
  };
  if (environments.length < 2) return read(environments[0]);
  const found = new Map<string, { readonly diagnostic: Diagnostic; readonly envs: string[] }>();
  for (const environment of environments) {
    for (const diagnostic of read(environment)) {
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
