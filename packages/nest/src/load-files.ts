import {
  type CheckedFile,
  type Diagnostic,
  diagnose,
  type FlyBlock,
  type ParsedFile,
  parseFly,
  type Scope,
} from '@polar-gosling/fly';
import { type LoadMemory, pathOf } from './load-memory.ts';
import type { NestOptions } from './nest-read.ts';

/** One file of the Nest while it is read. */
export interface NestSource {
  readonly path: string;
  readonly parsed: ParsedFile;
  readonly blocks: readonly FlyBlock[];
  readonly references: ReadonlySet<string>;
  readonly diagnostics: Diagnostic[];
}

/** All files, each checked with the variables and locals of the whole Nest in the environment in force. */
export interface LoadedNest {
  readonly sources: readonly NestSource[];
  /** The file of the environment in force. */
  readonly environment: NestSource | undefined;
  readonly scope: Scope;
}

/** Checks every file; the values of the environment come first, because all others may use them. */
export function loadFiles(
  files: readonly ParsedFile[],
  { environment }: NestOptions,
  memory: LoadMemory,
): LoadedNest {
  const all = files.toSorted((a, b) => (a.file < b.file ? -1 : 1));
  const parsed = all.filter(({ file }) => !isOfAnotherEnvironment(file, environment));
  const scope = memory.scope(parsed, environment);

  // The files of other environments are checked too, but say nothing here.
  const sources = all.map((one) => toSource(memory.check(one, scope)));
  const path = pathOf(environment);
  const found = sources.find((source) => source.path === path);
  if (environment === undefined || found !== undefined) return { sources, environment: found, scope };
  const missing = missingEnvironment(path);
  return { sources: [...sources, missing], environment: missing, scope };
}

function isOfAnotherEnvironment(path: string, environment: string | undefined): boolean {
  return path.startsWith('Envs/') && path !== `Envs/${environment}.fly`;
}

function toSource(checked: CheckedFile): NestSource {
  return {
    path: checked.file,
    parsed: checked.parsed,
    blocks: checked.blocks,
    references: checked.references,
    diagnostics: [...checked.diagnostics],
  };
}

/** An environment that is asked for must exist: its values might be what keeps Eggs apart. */
function missingEnvironment(path: string): NestSource {
  const parsed = parseFly('', { file: path });
  const message = `the environment in force (GOSLING_ENV) has no file ${path}`;
  const diagnostic = diagnose(parsed, { code: 'FLY071', span: { start: 0, end: 0 }, message });
  return { path, parsed, blocks: [], references: new Set(), diagnostics: [diagnostic] };
}
