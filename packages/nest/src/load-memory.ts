import {
  type CheckedFile,
  checkFly,
  collectScope,
  type FlyBlock,
  Node,
  type ParsedFile,
  type Plain,
  type Scope,
} from '@polar-gosling/fly';

/** Blocks that give names to others. */
const defining = ['variable', 'locals', 'values'];

/** As many environments as are told apart; more are made again. */
const mostDerived = 16;

interface Derived {
  readonly inputs: readonly unknown[];
  readonly made: unknown;
}

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

  readonly #derived = new WeakMap<FlyBlock, readonly Derived[]>();

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

  /** What was made of a block and these other things, as long as they are the same ones. */
  derive<Made>(block: FlyBlock, inputs: readonly unknown[], make: () => Made): Made {
    const known = this.#derived.get(block) ?? [];
    const found = known.find((one) => isSame(one.inputs, inputs));
    // The same inputs in the same order made it, by the same caller.
    if (found !== undefined) return found.made as Made;
    const made = make();
    this.#derived.set(block, [{ inputs, made }, ...known.slice(0, mostDerived - 1)]);
    return made;
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

/** The file of an environment. */
export function pathOf(environment: string | undefined): string {
  return `Envs/${environment ?? ''}.fly`;
}

function valuesOf({ blocks }: CheckedFile): Readonly<Record<string, Plain>> {
  const block = blocks.find(({ kind }) => kind === 'values');
  return block?.kind === 'values' ? block.values : {};
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}
