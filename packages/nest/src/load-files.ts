import {
  type CheckedFile,
  checkFly,
  collectScope,
  type Diagnostic,
  diagnose,
  type FlyBlock,
  Node,
  type ParsedFile,
  type Plain,
  parseFly,
  type Scope,
} from '@polar-gosling/fly';
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
  memory = new LoadMemory(),
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

/** Blocks that give names to others. */
const defining = ['variable', 'locals', 'values'];

/**
 * What was found out about files, kept for the next reading: a file is checked again when its text changed, or when
 * it uses names and a definition changed.
 */
export class LoadMemory {
  readonly #scopes = new Map<string, { readonly key: string; readonly scope: Scope }>();
  readonly #definitions = new WeakMap<ParsedFile, string>();
  readonly #checked = new WeakMap<ParsedFile, WeakMap<Scope, CheckedFile>>();
  /** Files that use no names: the same in every scope. */
  readonly #constant = new WeakMap<ParsedFile, CheckedFile>();

  /** Variables and locals of these files, with what the environment sets. */
  scope(parsed: readonly ParsedFile[], environment: string | undefined): Scope {
    const name = environment === undefined ? {} : { environment };
    const path = pathOf(environment);
    const key = parsed.map((one) => this.#definitionsOf(one)).join('\n');
    const known = this.#scopes.get(environment ?? '');
    if (known?.key === key) return known.scope;
    const early = parsed.find(({ file }) => file === path);
    const values = early && valuesOf(checkFly(early, { scope: collectScope(parsed, name) }));
    const scope = collectScope(parsed, { ...name, ...(values && { values }), isComplete: true });
    this.#scopes.set(environment ?? '', { key, scope });
    return scope;
  }

  check(parsed: ParsedFile, scope: Scope): CheckedFile {
    const byScope = this.#checked.get(parsed) ?? new WeakMap<Scope, CheckedFile>();
    const known = this.#constant.get(parsed) ?? byScope.get(scope);
    if (known !== undefined) return known;
    const checked = checkFly(parsed, { scope });
    if (checked.references.size === 0) this.#constant.set(parsed, checked);
    else this.#checked.set(parsed, byScope.set(scope, checked));
    return checked;
  }

  /** Text of the blocks that other files may depend on. */
  #definitionsOf(parsed: ParsedFile): string {
    const known = this.#definitions.get(parsed);
    if (known !== undefined) return known;
    const { tree, text, tokens } = parsed;
    const definitions = tree.items
      .filter((item) => item.kind === Node.block && defining.includes(item.name))
      .map(({ at, end }) => text.slice(tokens.starts[at], tokens.starts[end]))
      .join('\n');
    this.#definitions.set(parsed, definitions);
    return definitions;
  }
}

function pathOf(environment: string | undefined): string {
  return `Envs/${environment ?? ''}.fly`;
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
