import type { AttributeSpec, BlockSpec, Plain, ValueType } from '@polar-gosling/fly';
import { formatDuration } from '@polar-gosling/kernel';
import type { Member } from './schema-at.ts';

/** Type of a value in words. */
export function typeText(type: ValueType): string {
  switch (type.kind) {
    case 'int':
      return `whole number ${rangeText(type.min, type.max)}`.trimEnd();
    case 'duration':
      return 'duration, such as "10m" or "1h30m"';
    case 'size':
      return `size: a number of ${type.unit}, or a text such as "4GiB"`;
    case 'enum':
      return type.of.map((word) => `"${word}"`).join(' | ');
    case 'list':
      return `${type.isSet === true ? 'set' : 'list'} of ${typeText(type.of)}`;
    case 'map':
      return `map of ${typeText(type.of)}`;
    default:
      return words[type.kind];
  }
}

const words = {
  string: 'text',
  bool: 'true | false',
  percent: 'percent, such as 80',
  cron: 'cron line of five fields, in UTC',
  secret: 'reference to a secret, such as "vault://path/key"',
  rule: 'rule, such as "failure_count >= 3 AND age > 1h"',
  environment: 'text, or a reference to a secret',
  any: 'any value',
} as const;

function rangeText(min: number | undefined, max: number | undefined): string {
  const least = min === undefined ? '' : `from ${min}`;
  return max === undefined || max === Number.MAX_SAFE_INTEGER ? least : `${least} to ${max}`.trim();
}

/** A value as one would write it, its unit included. */
export function valueText(value: Plain, type?: ValueType): string {
  if (typeof value === 'number' && type?.kind === 'duration') return `"${formatDuration(value)}"`;
  if (typeof value === 'number' && type?.kind === 'size') return sizeText(value, type.unit);
  if (typeof value === 'number' && type?.kind === 'percent') return `${value} %`;
  return JSON.stringify(value);
}

function sizeText(count: number, unit: 'MiB' | 'GiB'): string {
  const gib = count / 1024;
  const isRound = unit === 'MiB' && gib >= 1 && Number.isInteger(gib);
  return isRound ? `${count} MiB (${gib} GiB)` : `${count} ${unit}`;
}

/** The documentation of an attribute or block, in Markdown. */
export function documentation(member: Member): string {
  return member.kind === 'attribute' ? attributeText(member.name, member.spec) : blockText(member);
}

function attributeText(name: string, spec: AttributeSpec): string {
  const lines = [`**${name}**: ${typeText(spec.type)}`, spec.doc];
  if (spec.required === true) lines.push('Required.');
  if (spec.default !== undefined) lines.push(`Default: \`${valueText(spec.default, spec.type)}\``);
  if (spec.defaultDoc !== undefined) lines.push(`Default: ${spec.defaultDoc}`);
  if (spec.deprecated !== undefined) lines.push(`Of no effect: ${spec.deprecated}.`);
  return lines.join('\n\n');
}

function blockText({ name, spec }: { readonly name: string; readonly spec: BlockSpec }): string {
  const labels = Array.from({ length: spec.labels ?? 0 }, () => ' "…"').join('');
  const lines = [`**${name}**${labels}: block`, spec.doc];
  if (spec.required === true) lines.push('Required.');
  if (spec.deprecated !== undefined) lines.push(`Of no effect: ${spec.deprecated}.`);
  return lines.join('\n\n');
}
