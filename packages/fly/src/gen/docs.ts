// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { formatDuration } from '@polar-gosling/kernel';
import { type CodeEntry, codes } from '../diag/codes.ts';
import { fields } from '../rules/fields.ts';
import { schema } from '../schema/table.ts';
import type { AttributeSpec, BlockSpec, ValueType } from '../schema/types.ts';

/** The reference of the language as Markdown, made from its tables: every block, attribute, rule word and code. */
export function flyReference(): string {
  const blocks = Object.entries(schema.blocks).flatMap(([name, spec]) => section([name], spec));
  return `${[
    '# Fly reference',
    '',
    'Made from the tables of the language; do not edit. The same tables feed `gosling validate`, the language server and `gosling schema`.',
    '',
    'A number of a size counts the unit that is named; a size or a percentage may also be text with its unit (`"4GiB"`, `"80%"`). Every text may hold references such as `${var.env}`.',
    '',
    '## File',
    '',
    ...attributeTable(schema.attributes),
    ...blocks,
    '## Words of rules',
    '',
    '| Word | Type | Meaning |',
    '|---|---|---|',
    ...[...fields].map(([name, { type, words, doc }]) =>
      row([`\`${name}\``, words === undefined ? type : words.map(quote).join(', '), doc]),
    ),
    '',
    '## Diagnostics',
    '',
    '`gosling explain CODE` shows a wrong and a right example of each.',
    '',
    '| Code | Severity | Title | Why |',
    '|---|---|---|---|',
    ...Object.entries<CodeEntry>(codes).map(([code, { severity, title, why }]) =>
      row([code, severity, title, why]),
    ),
  ].join('\n')}\n`;
}

function section(path: readonly string[], spec: BlockSpec): string[] {
  const inner = Object.entries(spec.blocks ?? {});
  return [
    `${'#'.repeat(Math.min(path.length + 1, 4))} ${path.join(' › ')}`,
    '',
    [`\`${header(path, spec)}\``, repetition(spec), spec.doc].filter((part) => part !== '').join(' — '),
    '',
    ...(spec.deprecated === undefined ? [] : [`Deprecated: ${spec.deprecated}.`, '']),
    ...attributeTable(spec.attributes),
    ...ruleLines(spec),
    ...inner.flatMap(([name, nested]) => section([...path, name], nested)),
    ...(spec.anyBlock === undefined ? [] : section([...path, 'NAME'], spec.anyBlock)),
  ];
}

function header(path: readonly string[], { labels, isPartial }: BlockSpec): string {
  const names = isPartial === true ? ['"KIND"', '"NAME"'] : ['"NAME"'];
  return [path.at(-1), ...names.slice(0, labels ?? 0), '{ … }'].join(' ');
}

function repetition({ repeat, required }: BlockSpec): string {
  if (repeat === 'label') return required === true ? 'at least one, once per name' : 'once per name';
  if (repeat === 'list') return 'any number';
  return required === true ? 'required' : '';
}

function attributeTable(attributes: Readonly<Record<string, AttributeSpec>> = {}): string[] {
  const rows = Object.entries(attributes);
  if (rows.length === 0) return [];
  return [
    '| Attribute | Type | Default | Meaning |',
    '|---|---|---|---|',
    ...rows.map(([name, spec]) =>
      row([
        `\`${name}\``,
        typeText(spec.type),
        defaultText(spec),
        spec.deprecated === undefined ? spec.doc : `${spec.doc} Deprecated: ${spec.deprecated}.`,
      ]),
    ),
    '',
  ];
}

/** What holds for the body as a whole. */
function ruleLines({ free, exactlyOne, ordered = [], aliases = {}, isPartial }: BlockSpec): string[] {
  const names = (list: readonly string[]) => list.map((name) => `\`${name}\``).join(', ');
  const lines = [
    ...(free === undefined ? [] : [`Attributes of any name: ${typeText(free)}.`]),
    ...(isPartial === true ? ['The body is that of the block KIND; nothing in it is required.'] : []),
    ...(exactlyOne === undefined ? [] : [`Exactly one of ${names(exactlyOne)}.`]),
    ...ordered.map(([low, high]) => `\`${low}\` is not above \`${high}\`.`),
    ...Object.entries(aliases).map(([alias, name]) => `\`${alias}\` is another name of \`${name}\`.`),
  ];
  return lines.flatMap((line) => [line, '']);
}

function typeText(type: ValueType): string {
  switch (type.kind) {
    case 'string':
      return type.form ?? 'text';
    case 'int':
      return `number${rangeText(type)}`;
    case 'bool':
      return '`true` or `false`';
    case 'size':
      return `size in ${type.unit}`;
    case 'percent':
      return 'percentage';
    case 'cron':
      return 'cron line';
    case 'enum':
      return type.of.map(quote).join(', ');
    case 'secret':
      return 'reference to a secret';
    case 'environment':
      return 'text, or a reference to a secret';
    case 'list':
      return `${type.isSet === true ? 'list of different' : 'list of'} ${typeText(type.of)}`;
    case 'map':
      return `map of ${typeText(type.of)}`;
    case 'any':
      return 'any value';
    default:
      return type.kind;
  }
}

function rangeText({ min, max }: { readonly min?: number; readonly max?: number }): string {
  if (min === undefined) return '';
  return max === undefined || max === Number.MAX_SAFE_INTEGER ? ` from ${min}` : ` ${min}–${max}`;
}

function defaultText({ type, required, default: value, defaultDoc }: AttributeSpec): string {
  if (required === true) return '**required**';
  if (defaultDoc !== undefined) return defaultDoc;
  if (value === undefined) return '';
  if (type.kind === 'duration' && typeof value === 'number') return quote(formatDuration(value));
  return `\`${JSON.stringify(value)}\``;
}

function quote(text: string): string {
  return `\`"${text}"\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
