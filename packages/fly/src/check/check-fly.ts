import { codes } from '../diag/codes.ts';
import { type Diagnostic, toDiagnostics } from '../diag/diagnostic.ts';
import { Sink } from '../diag/sink.ts';
import type { ParsedFile } from '../parse-fly.ts';
import { Scope } from '../resolve/scope.ts';
import { type CompiledBlock, compile } from '../schema/compiled.ts';
import { schema } from '../schema/table.ts';
import { Node } from '../syntax/kinds.ts';
import type { BlockNode } from '../syntax/tree.ts';
import type { FlyBlock } from './blocks.ts';
import type { BodyContext, Seen } from './body.ts';
import { Checker } from './checker.ts';
import { checkLabels } from './labels.ts';
import { near, replacing } from './near.ts';
import { checkPolicies } from './policies.ts';
import { Reader } from './reader.ts';
import { suppress } from './suppress.ts';
import { checkSettings, checkVariable } from './variable.ts';

/** A file against the schema. */
export interface CheckedFile {
  readonly file: string;
  readonly parsed: ParsedFile;
  /** Top-level blocks in the order of the file, also those with errors (`isValid` tells). */
  readonly blocks: readonly FlyBlock[];
  /** `fly = 1`, where the file says so. */
  readonly language: number | undefined;
  /** Dotted names of variables, locals and the like that it uses; without any, no other file changes its meaning. */
  readonly references: ReadonlySet<string>;
  /** Everything that is wrong with the file, what `parseFly` found included, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** Findings beyond the first 200. */
  readonly omitted: number;
}

export interface CheckOptions {
  /** Variables and locals of the Nest; absent: only those of this file are known, and others may exist. */
  readonly scope?: Scope;
}

const file = compile('', schema);
const selfRoots: ReadonlyMap<string, string> = new Map([
  ['egg', 'egg'],
  ['eggsbucket', 'bucket'],
  ['job', 'job'],
]);

/** Checks a parsed file: never throws; a block with errors does not hide those of another. */
export function checkFly(parsed: ParsedFile, options: CheckOptions = {}): CheckedFile {
  const sink = new Sink(parsed.text, parsed.sink);
  const scope = options.scope ?? new Scope([parsed]);
  const reader = new Reader(parsed, sink, scope);
  const checked = new FileChecker(parsed, reader, scope);
  checked.run();
  return {
    file: parsed.file,
    parsed,
    blocks: checked.blocks,
    language: checked.language,
    references: reader.asked,
    diagnostics: withOmitted(suppress(parsed, diagnosticsOf(parsed, sink), 'file'), sink.omitted),
    omitted: sink.omitted,
  };
}

function diagnosticsOf(parsed: ParsedFile, sink: Sink): readonly Diagnostic[] {
  if (sink.findings.length === 0) return [];
  return toDiagnostics({ file: parsed.file, lines: sink.lines }, sink.findings);
}

/** The last one says how many are not kept, so that it is told wherever it is shown. */
function withOmitted(diagnostics: readonly Diagnostic[], omitted: number): readonly Diagnostic[] {
  const last = diagnostics.at(-1);
  return omitted === 0 || last === undefined
    ? diagnostics
    : [...diagnostics.slice(0, -1), { ...last, omitted }];
}

class FileChecker {
  readonly blocks: FlyBlock[] = [];
  language: number | undefined;
  readonly #parsed: ParsedFile;
  readonly #reader: Reader;
  readonly #scope: Scope;
  readonly #checker: Checker;
  readonly #context: BodyContext = {
    block: file,
    path: { name: '' },
    header: { start: 0, end: 0 },
    isPartial: false,
  };
  readonly #seen: Seen = { at: new Map(), excused: new Set(), isBroken: false };

  constructor(parsed: ParsedFile, reader: Reader, scope: Scope) {
    this.#parsed = parsed;
    this.#scope = scope;
    this.#reader = reader;
    this.#checker = new Checker(reader);
  }

  run(): void {
    // Attributes of the file are checked as those of a body without blocks.
    const items = this.#parsed.tree.items;
    const attributes = items.filter((item) => item.kind !== Node.block);
    const values = this.#checker.checkBody({ items: attributes, isBroken: true }, this.#context);
    this.language = typeof values['fly'] === 'number' ? values['fly'] : undefined;
    for (const item of items) {
      if (item.kind === Node.block) this.#topLevel(item);
    }
  }

  #topLevel(item: BlockNode): void {
    const before = this.#reader.sink.total;
    const block = this.#checker.resolveBlock(item, this.#context, this.#seen);
    if (block === undefined) return;
    const labels = checkLabels(this.#reader, item, block);
    this.#checker.isBlockTwice(item, { block, labels, seen: this.#seen });
    const body = block.spec.isPartial ? this.#bodyOf(item, labels[0]) : block;
    if (body === undefined) return;
    if (block.name === 'patch') this.#enter(labels[0] ?? '', labels[1]);
    else this.#enter(block.name, labels[0]);
    const values = this.#checker.checkBody(item, {
      block: body,
      path: labels.reduce((parent, label) => ({ name: label, parent }), { name: block.name }),
      header: this.#checker.headerSpan(item),
      isPartial: block.spec.isPartial === true,
    });
    if (block.name === 'variable') checkVariable(this.#reader, item, values);
    if (block.name === 'values') checkSettings(this.#reader, item, this.#scope);
    const isValid = !this.#hasErrors(before, item);
    const span = this.#reader.spanOf(item);
    const checked = {
      kind: block.name,
      name: labels.at(-1) ?? '',
      labels,
      values,
      file: this.#parsed.file,
      span,
      headerSpan: this.#checker.headerSpan(item),
      isValid,
      node: item,
    };
    // The checker has just established that the values have the types of the schema.
    const flyBlock = checked as unknown as FlyBlock;
    if (flyBlock.kind === 'uglyfox') checkPolicies(this.#reader, this.#parsed, flyBlock);
    this.blocks.push(flyBlock);
  }

  #enter(kind: string, label: string | undefined): void {
    const root = selfRoots.get(kind);
    this.#reader.self = root !== undefined && label !== undefined ? { root, label } : undefined;
    this.#reader.isInLocals = kind === 'locals';
  }

  /** `defaults "egg"` and `patch "egg" "x"` have the body of an egg. */
  #bodyOf(item: BlockNode, kind: string | undefined): CompiledBlock | undefined {
    const token = item.labels[0];
    if (kind === undefined || token === undefined) return undefined;
    const kinds = ['egg', 'eggsbucket', 'job', 'uglyfox', 'mothergoose'];
    const body = kinds.includes(kind) ? file.blocks.get(kind) : undefined;
    if (body === undefined) {
      const guess = near(this.#reader.sink, kind, kinds);
      const span = this.#reader.tokenSpan(token);
      const message = `the label of ${item.name} is one of ${kinds.join(', ')}`;
      const fixes = guess === undefined ? [] : [replacing(span, `"${guess}"`)];
      this.#reader.sink.add({ code: 'FLY032', ...span, message, fixes });
    }
    return body;
  }

  #hasErrors(before: number, item: BlockNode): boolean {
    const sink = this.#reader.sink;
    if (item.isBroken || sink.omitted > 0) return true;
    const isError = (code: keyof typeof codes) => codes[code].severity === 'error';
    if (sink.findings.slice(before).some((finding) => isError(finding.code))) return true;
    const span = this.#reader.spanOf(item);
    return this.#parsed.sink.findings.some(
      (finding) => finding.start >= span.start && finding.start < span.end && isError(finding.code),
    );
  }
}
