import { looksLikeSecretUri, parseDuration, parseSecretUri } from '@polar-gosling/kernel';
import type { FlyCode } from '../diag/codes.ts';
import type { FixFinding } from '../diag/sink.ts';
import { parseRule } from '../rules/parse.ts';
import type { Slot } from '../schema/compiled.ts';
import type { Plain, ValueType } from '../schema/types.ts';
import { Node } from '../syntax/kinds.ts';
import { quote } from '../syntax/template.ts';
import type { ListNode, MapNode, Span, ValueNode } from '../syntax/tree.ts';
import { countPerHour, findCronProblem } from './cron.ts';
import { repairDuration } from './duration.ts';
import { findFormProblem, holdsToken } from './forms.ts';
import { near, replacing } from './near.ts';
import type { Reader } from './reader.ts';
import { sayFound, sayWanted } from './say.ts';
import { bytesOf, parseSize, repairSize } from './size.ts';

/** Where the value stands, for messages: `egg.my-app.runner`. */
export interface Path {
  readonly name: string;
  readonly parent?: Path;
}

/** What other languages call true and false. */
const booleans: ReadonlyMap<string, string> = new Map([
  ['yes', 'true'],
  ['on', 'true'],
  ['true', 'true'],
  ['no', 'false'],
  ['off', 'false'],
  ['false', 'false'],
]);

export function pathText(path: Path): string {
  return path.parent === undefined ? path.name : `${pathText(path.parent)}.${path.name}`;
}

/** Turns values of the tree into those of the schema; what does not fit is reported and `undefined`. */
export class Converter {
  readonly #reader: Reader;
  #path: Path = { name: '' };

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  convert(node: ValueNode, slot: Slot, path: Path): unknown {
    if (this.#reader.isDamagedAt(this.#reader.spanOf(node).start)) return undefined;
    this.#path = path;
    return this.#node(node, slot);
  }

  #node(node: ValueNode, slot: Slot): unknown {
    const type = slot.type;
    if (node.kind === Node.badValue || isUnreadable(node)) return undefined;
    if (node.kind === Node.list && type.kind === 'list') return this.#list(node, slot, type);
    if (node.kind === Node.map && type.kind === 'map') return this.#map(node, { ...slot, type: type.of });
    if (node.kind === Node.word && !this.#isConstant(node)) return this.#word(node, slot);
    if (node.kind === Node.number && this.#reader.number(node) === undefined)
      return this.#badNumber(node, slot);
    const plain = this.#reader.read(node);
    if (plain === undefined || (plain === null && type.kind !== 'any')) {
      if (plain === null) this.#report('FLY031', node, `${slot.name} may not be null; leave it out instead`);
      return undefined;
    }
    return this.#plain(plain, slot, node);
  }

  #isConstant(node: ValueNode): boolean {
    const text = this.#reader.textOf(node);
    return text === 'true' || text === 'false' || text === 'null';
  }

  #list(node: ListNode, slot: Slot, type: Extract<ValueType, { kind: 'list' }>): unknown[] {
    const itemSlot = { name: `an item of ${slot.name}`, type: type.of };
    const values: unknown[] = [];
    const seen = new Set<unknown>();
    for (const [index, item] of node.items.entries()) {
      const value = this.#node(item, itemSlot);
      if (value === undefined) continue;
      if (type.isSet === true && seen.has(value)) {
        this.#twice(item, node.items[index - 1], `${JSON.stringify(value)} stands twice in ${slot.name}`);
        continue;
      }
      seen.add(value);
      values.push(value);
    }
    return values;
  }

  #twice(item: ValueNode, previous: ValueNode | undefined, message: string): void {
    const start = previous === undefined ? undefined : this.#reader.spanOf(previous).end;
    const end = this.#reader.spanOf(item).end;
    const fixes: FixFinding[] =
      start === undefined ? [] : [{ title: 'remove it', safety: 'safe', edits: [{ start, end, text: '' }] }];
    this.#report('FLY046', item, { message, fixes });
  }

  #map(node: MapNode, slot: Slot): Record<string, unknown> {
    const values: Record<string, unknown> = Object.create(null);
    for (const item of node.items) {
      if (item.kind === Node.block) {
        const span = this.#reader.tokenSpan(item.at);
        this.#reader.sink.add({
          code: 'FLY039',
          ...span,
          message: `${item.name} is a block; ${slot.name} is a map of values`,
        });
      }
      if (item.kind !== Node.attribute) continue;
      const key = this.#reader.keyOf(item);
      if (Object.hasOwn(values, key)) {
        const span = this.#reader.tokenSpan(item.at);
        this.#reader.sink.add({ code: 'FLY038', ...span, message: `${key} is set twice` });
        continue;
      }
      const value = this.#node(item.value, { ...slot, name: key });
      if (value !== undefined) values[key] = value;
    }
    return values;
  }

  #plain(plain: Plain, slot: Slot, node: ValueNode): unknown {
    const type = slot.type;
    switch (type.kind) {
      case 'any':
        return plain;
      case 'string':
        return this.#text(plain, slot, node);
      case 'int':
        return this.#int(plain, slot, node);
      case 'bool':
        return typeof plain === 'boolean' ? plain : this.#wrong(plain, slot, node);
      case 'duration':
        return this.#duration(plain, slot, node);
      case 'size':
        return this.#size(plain, slot, node);
      case 'percent':
        return this.#percent(plain, slot, node);
      case 'enum':
        return this.#enum(plain, slot, node);
      case 'list':
        return this.#plainList(plain, slot, node);
      case 'map':
        return typeof plain === 'object' && !Array.isArray(plain) ? plain : this.#wrong(plain, slot, node);
      default:
        return this.#special(plain, slot, node);
    }
  }

  #special(plain: Plain, slot: Slot, node: ValueNode): unknown {
    if (typeof plain !== 'string') return this.#wrong(plain, slot, node);
    switch (slot.type.kind) {
      case 'cron': {
        const problem = findCronProblem(plain);
        if (problem !== undefined) this.#report('FLY036', node, `${slot.name}: ${problem}`);
        else this.#warnOfStorm(plain, slot, node);
        return problem === undefined ? plain : undefined;
      }
      case 'secret':
        return this.#secret(plain, slot, node);
      case 'rule':
        return this.#rule(plain, node);
      default:
        this.#warnOfToken(plain, slot, node);
        if (!looksLikeSecretUri(plain)) return plain;
        return this.#secret(plain, slot, node) === undefined ? undefined : { secret: plain };
    }
  }

  #warnOfStorm(plain: string, slot: Slot, node: ValueNode): void {
    const most = slot.type.kind === 'cron' ? slot.type.mostPerHour : undefined;
    const perHour = countPerHour(plain);
    if (most === undefined || perHour <= most) return;
    this.#report('FLY104', node, `${slot.name} comes true ${perHour} times an hour; each time starts a job`);
  }

  #text(plain: Plain, slot: Slot, node: ValueNode): unknown {
    if (typeof plain !== 'string') return this.#wrong(plain, slot, node);
    const form = slot.type.kind === 'string' ? slot.type.form : undefined;
    const problem = form && findFormProblem(form, plain);
    if (problem) {
      const fixes = problem.repaired === undefined ? [] : [this.#replace(node, quote(problem.repaired))];
      this.#report('FLY048', node, { message: `${slot.name} is ${problem.say}`, fixes });
      return undefined;
    }
    this.#warnOfToken(plain, slot, node);
    return plain;
  }

  #int(plain: Plain, slot: Slot, node: ValueNode): unknown {
    if (typeof plain !== 'number') return this.#wrong(plain, slot, node);
    if (!Number.isInteger(plain)) return this.#wrong(plain, slot, node);
    const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } =
      slot.type.kind === 'int' ? slot.type : {};
    if (plain >= min && plain <= max) return plain;
    const range = max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `from ${min} to ${max}`;
    this.#report('FLY033', node, `${slot.name} is a whole number ${range}`);
    return undefined;
  }

  #duration(plain: Plain, slot: Slot, node: ValueNode): unknown {
    const durationMs = typeof plain === 'string' ? parseDuration(plain) : undefined;
    if (durationMs === undefined) {
      const repaired = typeof plain === 'string' ? repairDuration(plain) : undefined;
      const fixes = repaired === undefined ? [] : [this.#replace(node, quote(repaired))];
      if (typeof plain === 'number') fixes.push(this.#replace(node, `"${plain}m"`, 'suggested'));
      const message = `${slot.name} is a duration with a unit, such as "10m" or "1h30m"`;
      this.#report('FLY034', node, { message, fixes });
      return undefined;
    }
    const minMs = slot.type.kind === 'duration' ? (slot.type.minMs ?? 0) : 0;
    if (durationMs >= minMs) return durationMs;
    this.#report('FLY033', node, `${slot.name} is at least ${minMs / 60_000} minutes`);
    return undefined;
  }

  #size(plain: Plain, slot: Slot, node: ValueNode): unknown {
    const unit = slot.type.kind === 'size' ? slot.type.unit : 'MiB';
    const bytes = typeof plain === 'string' ? parseSize(plain) : undefined;
    const count = typeof plain === 'number' ? plain : (bytes ?? Number.NaN) / bytesOf(unit);
    if (Number.isSafeInteger(count) && count > 0) return count;
    if (typeof plain === 'number' || bytes !== undefined) {
      this.#report('FLY033', node, `${slot.name} is a whole number of ${unit} above 0`);
      return undefined;
    }
    const repaired = typeof plain === 'string' ? repairSize(plain) : undefined;
    const fixes = repaired === undefined ? [] : [this.#replace(node, quote(repaired))];
    const message = `${slot.name} is a number of ${unit}, or a size with a unit such as "4GiB"`;
    this.#report('FLY035', node, { message, fixes });
    return undefined;
  }

  #percent(plain: Plain, slot: Slot, node: ValueNode): unknown {
    const isText = typeof plain === 'string' && /^\d{1,3}(\.\d{1,6})?%$/.test(plain);
    const value = isText ? Number(plain.slice(0, -1)) : plain;
    if (typeof value !== 'number') return this.#wrong(plain, slot, node);
    if (value >= 0 && value <= 100) return value;
    this.#report('FLY033', node, `${slot.name} is a percentage from 0 to 100`);
    return undefined;
  }

  #enum(plain: Plain, slot: Slot, node: ValueNode): unknown {
    if (slot.type.kind !== 'enum' || typeof plain !== 'string') return this.#wrong(plain, slot, node);
    const words = slot.type.of;
    if (words.includes(plain)) return plain;
    const guess = near(this.#reader.sink, plain, words);
    const hint = guess === undefined ? '' : `; did you mean ${JSON.stringify(guess)}?`;
    const message = `${slot.name} is one of ${words.map((word) => JSON.stringify(word)).join(', ')}${hint}`;
    const fixes = guess === undefined ? [] : [this.#replace(node, quote(guess))];
    this.#report('FLY032', node, { message, fixes });
    return undefined;
  }

  /** A list that comes from a reference. */
  #plainList(plain: Plain, slot: Slot, node: ValueNode): unknown {
    if (!Array.isArray(plain) || slot.type.kind !== 'list') return this.#wrong(plain, slot, node);
    const itemSlot = { name: `an item of ${slot.name}`, type: slot.type.of };
    return plain
      .map((item: Plain) => this.#plain(item, itemSlot, node))
      .filter((value: unknown) => value !== undefined);
  }

  #secret(plain: string, slot: Slot, node: ValueNode): string | undefined {
    const result = parseSecretUri(plain);
    if (result.kind === 'ok') return plain;
    this.#report('FLY037', node, `${slot.name} is a reference to a secret: ${result.problem}`);
    return undefined;
  }

  #rule(plain: string, node: ValueNode): string | undefined {
    const { problems } = parseRule(plain);
    const span = this.#reader.spanOf(node);
    // Inside a string without escapes the places of the rule are those of the file.
    const isExact = this.#reader.textOf(node) === `"${plain}"`;
    for (const { code, message, start, end, fix } of problems) {
      const place = isExact ? { start: span.start + 1 + start, end: span.start + 1 + end } : span;
      const fixes = isExact && fix !== undefined ? [replacing(place, fix)] : [];
      this.#reader.sink.add({ code, ...place, message, path: pathText(this.#path), fixes });
    }
    return problems.length === 0 ? plain : undefined;
  }

  #warnOfToken(plain: string, slot: Slot, node: ValueNode): void {
    if (plain.length < 20 || !holdsToken(plain)) return;
    this.#report(
      'FLY101',
      node,
      `${slot.name} holds a token in the clear; write a reference to a secret instead`,
    );
  }

  /** A bare word: text without its quotes, or `yes` for true. */
  #word(node: ValueNode, slot: Slot): undefined {
    // Where a quote is forgotten, its text looks like a word.
    if (this.#reader.sink.hasTroubleAt(this.#reader.spanOf(node).start)) return undefined;
    const word = this.#reader.textOf(node);
    const meant = booleans.get(word.toLowerCase());
    if (slot.type.kind === 'bool') {
      const fixes = meant === undefined ? [] : [this.#replace(node, meant)];
      this.#report('FLY031', node, { message: `${slot.name} is true or false`, fixes });
    } else {
      const safety = ['string', 'enum', 'environment', 'secret'].includes(slot.type.kind)
        ? 'safe'
        : 'suggested';
      const fixes = [this.#replace(node, quote(word), safety)];
      this.#report('FLY031', node, { message: `${word} is neither text (in quotes) nor a reference`, fixes });
    }
    return undefined;
  }

  /** `10m` or `4GiB` without quotes, `0x10`, `1e9`. */
  #badNumber(node: ValueNode, slot: Slot): undefined {
    const text = this.#reader.textOf(node);
    const codes: Partial<Record<ValueType['kind'], FlyCode>> = { duration: 'FLY034', size: 'FLY035' };
    const code = codes[slot.type.kind] ?? 'FLY031';
    const isQuotable =
      (slot.type.kind === 'duration' && parseDuration(text) !== undefined) ||
      (slot.type.kind === 'size' && parseSize(text) !== undefined) ||
      (slot.type.kind === 'percent' && text.endsWith('%')) ||
      slot.type.kind === 'string';
    const fixes = isQuotable ? [this.#replace(node, quote(text))] : [];
    const message = isQuotable
      ? `${slot.name} stands in quotes: ${quote(text)}`
      : `${text.slice(0, 40)} is no number; ${slot.name} is ${sayWanted(slot.type)}`;
    this.#report(code, node, { message, fixes });
    return undefined;
  }

  #wrong(plain: Plain, slot: Slot, node: ValueNode): undefined {
    const fixes: FixFinding[] = [];
    const isLeaf = node.kind === Node.string || node.kind === Node.number || node.kind === Node.word;
    const repaired = isLeaf ? repairType(plain, slot.type) : undefined;
    if (repaired !== undefined) fixes.push(this.#replace(node, repaired));
    const message = `${slot.name} is ${sayWanted(slot.type)}, not ${sayFound(plain)}`;
    this.#report('FLY031', node, { message, fixes });
    return undefined;
  }

  #replace(node: ValueNode, text: string, safety: FixFinding['safety'] = 'safe'): FixFinding {
    return replacing(this.#reader.spanOf(node), text, safety);
  }

  #report(
    code: FlyCode,
    node: ValueNode,
    what: string | { readonly message: string; readonly fixes: readonly FixFinding[] },
  ): void {
    const { message, fixes } = typeof what === 'string' ? { message: what, fixes: [] } : what;
    const span: Span = this.#reader.spanOf(node);
    this.#reader.sink.add({ code, ...span, message, path: pathText(this.#path), fixes });
  }
}

/** A map with something else than entries in it: what it may have been meant as was said there. */
function isUnreadable(node: ValueNode): boolean {
  return node.kind === Node.map && node.items.some((item) => item.kind === Node.badItem);
}

/** The same value written as the wanted type: `"3"` → `3`, `3` → `"3"`, `"a"` → `["a"]`. */
function repairType(plain: Plain, type: ValueType): string | undefined {
  if (typeof plain === 'string') return repairText(plain, type);
  if (typeof plain !== 'number' && typeof plain !== 'boolean') return undefined;
  return type.kind === 'string' || type.kind === 'environment' ? `"${plain}"` : undefined;
}

function repairText(text: string, type: ValueType): string | undefined {
  switch (type.kind) {
    case 'int':
    case 'percent':
      return /^-?(0|[1-9]\d{0,14})$/.test(text) ? text : undefined;
    case 'bool':
      return text === 'true' || text === 'false' ? text : undefined;
    case 'list':
      return `[${quote(text)}]`;
    default:
      return undefined;
  }
}
