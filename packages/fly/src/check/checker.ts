import type { FlyCode } from '../diag/codes.ts';
import type { FixFinding } from '../diag/sink.ts';
import { type CompiledBlock, findHome, type Slot } from '../schema/compiled.ts';
import { Node } from '../syntax/kinds.ts';
import type { AttributeNode, BlockNode, ItemNode, Span } from '../syntax/tree.ts';
import type { BodyContext, Seen, Values } from './body.ts';
import { Converter, type Path } from './convert.ts';
import { checkLabels } from './labels.ts';
import { near, replacing } from './near.ts';
import type { Reader } from './reader.ts';
import { checkSets } from './sets.ts';

const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Checks bodies against the schema and collects their values; every mistake is reported once. */
export class Checker {
  readonly reader: Reader;
  readonly #converter: Converter;

  constructor(reader: Reader) {
    this.reader = reader;
    this.#converter = new Converter(reader);
  }

  checkBody(body: { items: readonly ItemNode[]; isBroken: boolean }, context: BodyContext): Values {
    const { block } = context;
    const values: Values = block.free || block.anyBlock ? Object.create(null) : {};
    const seen: Seen = { at: new Map(), excused: new Set(), isBroken: body.isBroken };
    for (const item of body.items) {
      if (item.kind === Node.attribute) this.#attribute(item, context, { values, seen });
      else if (item.kind === Node.block) this.#block(item, context, { values, seen });
      else seen.isBroken = true;
    }
    checkSets(this.reader, context, { values, seen });
    return values;
  }

  #attribute(item: AttributeNode, context: BodyContext, body: { values: Values; seen: Seen }): void {
    const { block } = context;
    const name = block.aliases.get(item.name) ?? item.name;
    const slot = block.attributes.get(name) ?? this.#freeSlot(item, block);
    if (slot === undefined) {
      if (block.blocks.has(name)) this.#blockAsAttribute(item, context, body);
      else this.#unknownAttribute(item, context, body.seen);
      return;
    }
    if (this.#isTwice(name, item, body.seen)) return;
    this.#warnDeprecated(item, context, slot);
    this.#store(item, slot, { context, values: body.values, name });
  }

  #store(item: AttributeNode, slot: Slot, to: { context: BodyContext; values: Values; name: string }): void {
    // In a patch, null removes the value.
    const isRemoved = to.context.isPartial && this.reader.textOf(item.value) === 'null';
    const value = isRemoved ? null : this.#converter.convert(item.value, slot, to.context.path);
    if (value !== undefined) to.values[to.name] = value;
  }

  #freeSlot(item: AttributeNode, block: CompiledBlock): Slot | undefined {
    if (block.free === undefined) return undefined;
    if (block.free.type.kind === 'environment' && !environmentName.test(item.name)) {
      this.#report('FLY048', this.reader.tokenSpan(item.at), {
        message: `${item.name} is no name of an environment variable`,
      });
    }
    return { ...block.free, name: item.name };
  }

  #isTwice(name: string, item: ItemNode, seen: Seen): boolean {
    const first = seen.at.get(name);
    if (first === undefined) {
      seen.at.set(name, item.at);
      return false;
    }
    const span = this.reader.tokenSpan(item.at);
    const related = [{ ...this.reader.tokenSpan(first), message: 'first set here' }];
    const whole = this.reader.spanOf(item);
    const fixes = [replacing(whole, '', 'suggested')];
    this.reader.sink.add({ code: 'FLY038', ...span, message: `${name} is set twice`, related, fixes });
    return true;
  }

  #warnDeprecated(item: AttributeNode, context: BodyContext, slot: Slot): void {
    const advice =
      slot.spec?.deprecated ??
      context.block.spec.freeDeprecated?.find((rule) => rule.name.test(item.name))?.advice;
    if (advice === undefined) return;
    this.#report('FLY102', this.reader.tokenSpan(item.at), {
      message: `${item.name} has no effect: ${advice}`,
    });
  }

  /** `resources = { … }`: read as the block that is meant. */
  #blockAsAttribute(item: AttributeNode, context: BodyContext, body: { values: Values; seen: Seen }): void {
    const span = this.reader.tokenSpan(item.at);
    const inner = context.block.blocks.get(item.name);
    body.seen.excused.add(item.name);
    const isMap = item.value.kind === Node.map;
    const from = this.reader.tokenSpan(item.equals);
    const edit = { start: span.end, end: from.end, text: '' };
    // Where a `:` or nothing stands for `=`, that was said already.
    if (!this.reader.sink.hasTroubleAt(span.start)) {
      this.#report('FLY039', span, {
        message: `${item.name} is a block: write ${item.name} { … } without =`,
        fixes: isMap ? [{ title: 'remove =', safety: 'suggested', edits: [edit] }] : [],
      });
    }
    if (item.value.kind !== Node.map || inner === undefined) return;
    const path = { name: item.name, parent: context.path };
    const items = item.value.items;
    body.values[item.name] = this.checkBody({ items, isBroken: true }, { ...context, block: inner, path });
  }

  #unknownAttribute(item: AttributeNode, context: BodyContext, seen: Seen): void {
    const { block, path } = context;
    const span = this.reader.tokenSpan(item.at);
    const guess = near(this.reader.sink, item.name, block.names);
    const home = guess === undefined ? findHome(block, item.name) : undefined;
    this.#report('FLY030', span, {
      message: `${sayBlock(block)} has no attribute ${JSON.stringify(item.name)}${hint(guess)}`,
      fixes: guess === undefined ? [] : [replacing(span, guess)],
      notes: home === undefined ? [] : [`${item.name} belongs into the block ${home}`],
    });
    if (guess === undefined) return;
    seen.excused.add(guess);
    const slot = block.attributes.get(guess);
    if (slot !== undefined) this.#converter.convert(item.value, slot, path);
  }

  #block(item: BlockNode, context: BodyContext, body: { values: Values; seen: Seen }): void {
    const inner = this.resolveBlock(item, context, body.seen);
    if (inner === undefined) return;
    const labels = checkLabels(this.reader, item, inner);
    if (this.isBlockTwice(item, { block: inner, labels, seen: body.seen })) return;
    const path = { name: inner.name, parent: context.path };
    const own = labels.reduce<Path>((parent, label) => ({ name: label, parent }), path);
    const header = this.headerSpan(item);
    const values = this.checkBody(item, { block: inner, path: own, header, isPartial: context.isPartial });
    this.#keep(body.values, inner, labels.length === 0 ? values : { label: labels[0], ...values });
  }

  #keep(values: Values, block: CompiledBlock, value: Values): void {
    if (block.spec.repeat === undefined) {
      values[block.name] = value;
      return;
    }
    const list = values[block.name];
    if (Array.isArray(list)) list.push(value);
    else values[block.name] = [value];
  }

  /** The schema of a nested or top-level block by its name; a misspelt one is read as the one that is meant. */
  resolveBlock(item: BlockNode, context: BodyContext, seen: Seen): CompiledBlock | undefined {
    const { block } = context;
    const name = block.aliases.get(item.name) ?? item.name;
    const known = block.blocks.get(name);
    if (known !== undefined) {
      seen.excused.add(name);
      const advice = known.spec.deprecated;
      if (advice !== undefined) {
        this.#report('FLY102', this.reader.tokenSpan(item.at), {
          message: `${item.name} has no effect: ${advice}`,
        });
      }
      return known;
    }
    if (block.anyBlock !== undefined) return { ...block.anyBlock, name };
    return this.#unknownBlock(item, context, seen);
  }

  #unknownBlock(item: BlockNode, context: BodyContext, seen: Seen): CompiledBlock | undefined {
    const { block } = context;
    const span = this.reader.tokenSpan(item.at);
    if (block.attributes.has(item.name) || block.free !== undefined) {
      seen.excused.add(item.name);
      const edit = { start: span.end, end: span.end, text: ' =' };
      this.#report('FLY039', span, {
        message: `${item.name} is an attribute: write ${item.name} = …`,
        fixes: [{ title: 'insert =', safety: 'suggested', edits: [edit] }],
      });
      return undefined;
    }
    const guess = near(this.reader.sink, item.name, block.blocks.keys());
    const home = guess === undefined ? findHome(block, item.name) : undefined;
    this.#report('FLY030', span, {
      message: `${sayBlock(block)} has no block ${JSON.stringify(item.name)}${hint(guess)}`,
      fixes: guess === undefined ? [] : [replacing(span, guess)],
      notes: home === undefined ? [] : [`${item.name} belongs into the block ${home}`],
    });
    if (guess === undefined) return undefined;
    seen.excused.add(guess);
    return block.blocks.get(guess);
  }

  /** Reports a block that may stand only once (or once with these labels) and stood before. */
  isBlockTwice(
    item: BlockNode,
    what: { block: CompiledBlock; labels: readonly string[]; seen: Seen },
  ): boolean {
    const { block, labels, seen } = what;
    if (block.spec.repeat === 'list') return false;
    if (block.spec.repeat === 'label' && labels.length === 0) return false;
    const key = labels.length === 0 ? block.name : `${block.name} ${labels.join(' ').toLowerCase()}`;
    const first = seen.at.get(key);
    if (first === undefined) {
      seen.at.set(key, item.at);
      return false;
    }
    const name = [block.name, ...labels.map((label) => JSON.stringify(label))].join(' ');
    const message = labels.length === 0 ? `only one ${name} may stand here` : `${name} stands twice`;
    this.reader.sink.add({
      code: 'FLY038',
      ...this.headerSpan(item),
      message,
      related: [{ ...this.reader.tokenSpan(first), message: 'first here' }],
    });
    return true;
  }

  /** Name and labels of a block. */
  headerSpan(item: BlockNode): Span {
    const last = item.labels.at(-1) ?? item.at;
    return this.reader.spanOf({ at: item.at, end: last + 1 });
  }

  #report(
    code: FlyCode,
    span: Span,
    what: { message: string; fixes?: readonly FixFinding[]; notes?: readonly string[] },
  ): void {
    this.reader.sink.add({ code, ...span, ...what });
  }
}

/** The block in a message; a file has no name of its own. */
export function sayBlock(block: CompiledBlock): string {
  return block.name === '' ? 'a file' : block.name;
}

function hint(guess: string | undefined): string {
  return guess === undefined ? '' : `; did you mean ${JSON.stringify(guess)}?`;
}
