import { limits } from '../check/limits.ts';
import { Reader } from '../check/reader.ts';
import { typeOfVariable } from '../check/variable-type.ts';
import { Sink } from '../diag/sink.ts';
import type { ParsedFile } from '../parse-fly.ts';
import type { Plain, ValueType } from '../schema/types.ts';
import { Node } from '../syntax/kinds.ts';
import type { AttributeNode, BlockNode, ValueNode } from '../syntax/tree.ts';
import type { Found, References } from './references.ts';

export interface ScopeOptions {
  /** What variables are set to by the environment or the command line. */
  readonly values?: Readonly<Record<string, Plain>>;
  /** Name of the chosen environment, for `${env.name}`. */
  readonly environment?: string;
  /** Are these all files of the Nest? Then a name that none defines is a mistake. */
  readonly isComplete?: boolean;
}

/** The value that a name stands for, and its file. */
export interface Definition {
  readonly parsed: ParsedFile;
  readonly node: ValueNode;
}

/** What `${var.…}` and `${local.…}` stand for. */
export class Scope implements References {
  readonly #variables = new Map<string, Definition | undefined>();
  readonly #locals = new Map<string, Definition>();
  readonly #blocks = new Map<string, { readonly parsed: ParsedFile; readonly block: BlockNode }>();
  readonly #known = new Map<string, Plain | undefined>();
  readonly #circular = new Map<string, readonly string[]>();
  /** What is being evaluated. */
  readonly #open: string[] = [];
  readonly #options: ScopeOptions;

  constructor(files: readonly ParsedFile[], options: ScopeOptions = {}) {
    this.#options = options;
    for (const parsed of files) {
      for (const item of parsed.tree.items) {
        if (item.kind === Node.block) this.#collect(parsed, item);
      }
    }
  }

  /** Where a variable's default or a local stands; `undefined` for what has none, or is set by the environment. */
  definitionOf(root: 'var' | 'local', name: string): Definition | undefined {
    if (root === 'local') return this.#locals.get(name);
    return Object.hasOwn(this.#options.values ?? {}, name) ? undefined : this.#variables.get(name);
  }

  /** The type a variable declares; `undefined` for one that is not known here. */
  typeOf(variable: string): ValueType | undefined {
    const found = this.#blocks.get(variable);
    if (found === undefined) return undefined;
    // What is wrong with the block is reported where it stands.
    const reader = new Reader(found.parsed, new Sink(found.parsed.text), this);
    const read = (name: string) => {
      const node = attributesOf(found.block).find((item) => item.name === name)?.value;
      return node && reader.read(node);
    };
    return typeOfVariable({ type: read('type'), of: read('of') });
  }

  lookup(path: readonly string[]): Found {
    const [root = '', name = ''] = path;
    if (root === 'env' && name === 'name' && path.length === 2) return this.#environment();
    if (root !== 'var' && root !== 'local') return this.#member(path);
    const found = root === 'var' ? this.#variable(name) : this.#local(name);
    return found.kind === 'value' ? descend(found.value, path) : found;
  }

  #environment(): Found {
    const { environment, isComplete } = this.#options;
    if (environment !== undefined) return { kind: 'value', value: environment };
    return { kind: isComplete === true ? 'unset' : 'open' };
  }

  /** `egg.name` and the like have a value only inside such a block; no other member exists. */
  #member(path: readonly string[]): Found {
    return path[1] === 'name' && path.length === 2
      ? { kind: 'open' }
      : { kind: 'unknown', at: 1, known: ['name'] };
  }

  #variable(name: string): Found {
    const values = this.#options.values ?? {};
    if (Object.hasOwn(values, name)) return { kind: 'value', value: values[name] ?? null };
    if (!this.#variables.has(name)) return this.#missing([...this.#variables.keys()]);
    const definition = this.#variables.get(name);
    if (definition === undefined) return { kind: 'open' };
    return this.#evaluate(`var.${name}`, definition);
  }

  #local(name: string): Found {
    const definition = this.#locals.get(name);
    if (definition === undefined) return this.#missing([...this.#locals.keys()]);
    return this.#evaluate(`local.${name}`, definition);
  }

  #missing(known: readonly string[]): Found {
    const isKnowable = this.#options.isComplete === true || known.length > 0;
    return isKnowable ? { kind: 'unknown', at: 1, known } : { kind: 'open' };
  }

  #evaluate(key: string, definition: Definition): Found {
    if (this.#known.has(key)) {
      const value = this.#known.get(key);
      return value === undefined ? { kind: 'open' } : { kind: 'value', value };
    }
    const circle = this.#circular.get(key) ?? this.#findCircle(key);
    if (circle !== undefined) return { kind: 'circle', path: circle, isFirst: isFirstOf(circle, key) };
    this.#open.push(key);
    // What is wrong with the definition is reported where it stands, not where it is used.
    const sink = new Sink(definition.parsed.text);
    const value = new Reader(definition.parsed, sink, this).read(definition.node);
    this.#open.pop();
    const found = this.#circular.get(key);
    if (found !== undefined) return { kind: 'circle', path: found, isFirst: isFirstOf(found, key) };
    this.#known.set(key, value);
    return value === undefined ? { kind: 'open' } : { kind: 'value', value };
  }

  /** Remembers the members of a circle, so that however often they are used, they are walked once. */
  #findCircle(key: string): readonly string[] | undefined {
    const at = this.#open.indexOf(key);
    if (at < 0 && this.#open.length < limits.chain) return undefined;
    const path = [...this.#open.slice(Math.max(0, at)), key];
    for (const member of path) this.#circular.set(member, path);
    return path;
  }

  #collect(parsed: ParsedFile, block: BlockNode): void {
    if (block.name === 'locals') {
      for (const item of attributesOf(block)) this.#locals.set(item.name, { parsed, node: item.value });
    } else if (block.name === 'variable') {
      const label = block.labels[0];
      if (label === undefined) return;
      const name = parsed.text.slice(parsed.tokens.starts[label], parsed.tokens.starts[label + 1]);
      const value = attributesOf(block).find((item) => item.name === 'default')?.value;
      this.#variables.set(name.replaceAll('"', ''), value && { parsed, node: value });
      this.#blocks.set(name.replaceAll('"', ''), { parsed, block });
    }
  }
}

/** A circle is reported where its first member by name is used, a chain that is too long at its start. */
function isFirstOf(path: readonly string[], key: string): boolean {
  const isClosed = path[0] === path.at(-1);
  return isClosed ? path.every((other) => key <= other) : key === path[0];
}

function attributesOf(block: BlockNode): AttributeNode[] {
  return block.items.filter((item) => item.kind === Node.attribute);
}

function descend(value: Plain, path: readonly string[]): Found {
  let current = value;
  for (const [index, name] of path.entries()) {
    if (index < 2) continue;
    const isMap = current !== null && typeof current === 'object' && !Array.isArray(current);
    const keys = isMap ? Object.keys(current ?? {}) : [];
    if (!keys.includes(name)) return { kind: 'unknown', at: index, known: keys };
    current = (current as Readonly<Record<string, Plain>>)[name] ?? null;
  }
  return { kind: 'value', value: current };
}

/** Collects the variables and locals of these files. */
export function collectScope(files: readonly ParsedFile[], options: ScopeOptions = {}): Scope {
  return new Scope(files, options);
}
