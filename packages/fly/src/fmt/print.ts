import { formatDuration } from '@polar-gosling/kernel';
import type { FlyBlock } from '../check/blocks.ts';
import type { EggValues } from '../check/values.ts';
import { type CompiledBlock, compile } from '../schema/compiled.ts';
import { schema } from '../schema/table.ts';
import type { Plain, ValueType } from '../schema/types.ts';
import { quote } from '../syntax/template.ts';
import { formatFly } from './fmt.ts';

type Values = Readonly<Record<string, unknown>>;

const file = compile('', schema);
const nameForm = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/;
/** Characters that only an escape can write. */
const needsEscape = /[[\p{Cc}--\n]\p{Cs}\u202a-\u202e\u2066-\u2069\u2028\u2029\ufffd\ufeff]/v;
const longestLine = 100;

/** What `printBlock` takes. */
export interface PrintableBlock<Kind extends FlyBlock['kind'] = FlyBlock['kind']> {
  readonly kind: Kind;
  readonly labels: readonly string[];
  readonly values: Extract<FlyBlock, { kind: Kind }>['values'];
}

/** Canonical Fly from the values of a block: `checkFly` of it gives these values back. */
export function printBlock<Kind extends FlyBlock['kind']>(block: PrintableBlock<Kind>): string {
  const isPartial = block.kind === 'defaults' || block.kind === 'patch';
  const compiled = file.blocks.get(isPartial ? (block.labels[0] ?? '') : block.kind);
  if (compiled === undefined) return '';
  const values: Values = { ...block.values };
  const lines = printBody(values, compiled);
  return formatFly(wrap(block.kind, block.labels, lines).join('\n'));
}

/** Canonical Fly of several blocks, one empty line between them. */
export function printBlocks(blocks: readonly PrintableBlock[]): string {
  return blocks.map((block) => printBlock(block)).join('\n');
}

/** Canonical Fly of an Egg, as `add egg` writes it. */
export function printEgg(name: string, values: EggValues): string {
  return printBlock({ kind: 'egg', labels: [name], values });
}

/** A value as Fly writes it: a duration as text, a secret as its reference. */
export function printFlyValue(value: unknown, type: ValueType = { kind: 'any' }): string {
  return printValue(value, type);
}

function wrap(kind: string, labels: readonly string[], lines: readonly string[]): string[] {
  const header = [kind, ...labels.map((label) => quote(label))].join(' ');
  return [`${header} {`, ...lines, '}'];
}

function printBody(values: Values, block: CompiledBlock): string[] {
  const attributes = [...block.attributes]
    .filter(([name]) => values[name] !== undefined)
    .map(([name, slot]) => `${name} = ${printValue(values[name], slot.type)}`);
  const others = Object.keys(values).filter((name) => !block.attributes.has(name) && !block.blocks.has(name));
  const { free, anyBlock } = block;
  const freely =
    free === undefined ? [] : others.map((name) => `${name} = ${printValue(values[name], free.type)}`);
  const anyBlocks =
    anyBlock === undefined ? [] : others.flatMap((name) => nested(name, values[name], anyBlock));
  const blocks = [...block.blocks].flatMap(([name, inner]) => nested(name, values[name], inner));
  const below = [...blocks, ...anyBlocks];
  const above = [...attributes, ...freely];
  // The first empty line goes where there is nothing above.
  return above.length === 0 ? below.slice(1) : [...above, ...below];
}

/** Each block with an empty line before it. */
function nested(name: string, value: unknown, block: CompiledBlock): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter(isValues).flatMap((item) => {
    const { label, ...rest } = item;
    const isLabelled = block.spec.repeat === 'label' && typeof label === 'string';
    const lines = printBody(isLabelled ? rest : item, block);
    return ['', ...wrap(name, isLabelled ? [label] : [], lines)];
  });
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null;
}

function printValue(value: unknown, type: ValueType): string {
  if (type.kind === 'duration' && typeof value === 'number') return `"${formatDuration(value)}"`;
  if (type.kind === 'list' && Array.isArray(value)) return printList(value, type.of);
  if (type.kind === 'map' && isValues(value)) return printMap(value, type.of);
  if (isValues(value) && type.kind === 'environment') return quote(String(value['secret']));
  return printPlain(value as Plain);
}

function printPlain(value: Plain): string {
  if (typeof value === 'string') return printText(value);
  if (Array.isArray(value)) return printList(value, { kind: 'any' });
  if (typeof value === 'object' && value !== null) return printMap(value as Values, { kind: 'any' });
  return typeof value === 'number' ? printNumber(value) : String(value);
}

/** Fly has no exponents. */
function printNumber(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(20).replace(/\.?0+$/, '');
}

function printList(values: readonly unknown[], of: ValueType): string {
  const items = values.map((value) => printValue(value, of));
  const line = `[${items.join(', ')}]`;
  const hasHeredoc = items.some((item) => item.startsWith('<<-'));
  if (line.length <= longestLine && !hasHeredoc) return line;
  return `[\n${items.map((item) => `${item}${item.startsWith('<<-') ? '\n' : ''},`).join('\n')}\n]`;
}

function printMap(values: Values, of: ValueType): string {
  const entries = Object.entries(values).map(
    ([key, value]) => `${nameForm.test(key) ? key : quote(key)} = ${printValue(value, of)}`,
  );
  const line = `{ ${entries.join(', ')} }`;
  if (entries.length === 0) return '{}';
  return line.length <= longestLine && !line.includes('\n') ? line : `{\n${entries.join('\n')}\n}`;
}

/** Text of several lines as a heredoc, where a heredoc can hold it. */
function printText(text: string): string {
  if (!text.includes('\n') || needsEscape.test(text)) return quote(text);
  const lines = text.split('\n');
  let tag = 'EOT';
  while (lines.some((line) => line.trim() === tag)) tag += '_';
  const isChomped = lines.at(-1) !== '';
  const head = text.includes('${') ? `'${tag}'` : tag;
  const body = isChomped ? lines : lines.slice(0, -1);
  return [`<<-${head}${isChomped ? '~' : ''}`, ...body, tag].join('\n');
}
