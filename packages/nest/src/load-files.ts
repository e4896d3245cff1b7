import {
  type CheckedFile,
  checkFly,
  collectScope,
  type Diagnostic,
  diagnose,
  type FlyBlock,
  type ParsedFile,
  type Plain,
  parseFly,
  type Scope,
} from '@polar-gosling/fly';
import type { NestFile, NestOptions } from './nest-read.ts';

/** One file of the Nest while it is read. */
export interface NestSource {
  readonly path: string;
  readonly parsed: ParsedFile;
  readonly blocks: readonly FlyBlock[];
  readonly diagnostics: Diagnostic[];
}

/** All files, each checked with the variables and locals of the whole Nest in the environment in force. */
export interface LoadedNest {
  readonly sources: readonly NestSource[];
  /** The file of the environment in force. */
  readonly environment: NestSource | undefined;
  readonly scope: Scope;
}

/** Reads and checks every file; the values of the environment come first, because all others may use them. */
export function loadFiles(files: readonly NestFile[], { environment }: NestOptions): LoadedNest {
  const all = files
    .map(({ path, text }) => parseFly(text, { file: path }))
    .toSorted((a, b) => (a.file < b.file ? -1 : 1));
  const parsed = all.filter(({ file }) => !isOfAnotherEnvironment(file, environment));
  const name = environment === undefined ? {} : { environment };
  const path = `Envs/${environment}.fly`;
  const early = parsed.find(({ file }) => file === path);
  const values = early && valuesOf(checkFly(early, { scope: collectScope(parsed, name) }));
  const scope = collectScope(parsed, { ...name, ...(values && { values }), isComplete: true });

  // The files of other environments are checked too, but say nothing here.
  const sources = all.map((one) => toSource(checkFly(one, { scope })));
  const found = sources.find((source) => source.path === path);
  if (environment === undefined || found !== undefined) return { sources, environment: found, scope };
  const missing = missingEnvironment(path);
  return { sources: [...sources, missing], environment: missing, scope };
}

function isOfAnotherEnvironment(path: string, environment: string | undefined): boolean {
  return path.startsWith('Envs/') && path !== `Envs/${environment}.fly`;
}

function valuesOf({ blocks }: CheckedFile): Readonly<Record<string, Plain>> {
  const block = blocks.find(({ kind }) => kind === 'values');
  return block?.kind === 'values' ? block.values : {};
}

function toSource(checked: CheckedFile): NestSource {
  return {
    path: checked.file,
    parsed: checked.parsed,
    blocks: checked.blocks,
    diagnostics: [...checked.diagnostics],
  };
}

/** An environment that is asked for must exist: its values might be what keeps Eggs apart. */
function missingEnvironment(path: string): NestSource {
  const parsed = parseFly('', { file: path });
  const message = `the environment in force (GOSLING_ENV) has no file ${path}`;
  const diagnostic = diagnose(parsed, { code: 'FLY071', span: { start: 0, end: 0 }, message });
  return { path, parsed, blocks: [], diagnostics: [diagnostic] };
}
