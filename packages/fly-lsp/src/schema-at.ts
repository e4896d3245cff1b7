import { type AttributeSpec, type BlockSpec, schema, type ValueType } from '@polar-gosling/fly';
import type { Frame, Place } from './place.ts';

/** What the schema says about a name in a body. */
export type Member =
  | { readonly kind: 'attribute'; readonly name: string; readonly spec: AttributeSpec }
  | { readonly kind: 'block'; readonly name: string; readonly spec: BlockSpec };

const root: BlockSpec = schema;

/** The schema of the body that these blocks lead to; `undefined` where the schema has none. */
export function bodyOf(frames: readonly Frame[]): BlockSpec | undefined {
  let spec: BlockSpec | undefined = root;
  for (const frame of frames) {
    if (frame.kind !== 'block') return undefined;
    spec = step(spec, frame);
    if (spec === undefined) return undefined;
  }
  return spec;
}

function step(spec: BlockSpec, { name, labels }: Frame): BlockSpec | undefined {
  const member = memberOf(spec, name);
  const inner = member?.kind === 'block' ? member.spec : undefined;
  // `defaults "egg"` has the body of an egg.
  return inner?.isPartial === true ? own(root.blocks, labels[0] ?? '') : inner;
}

/** An attribute or block by its name or alias. */
export function memberOf(body: BlockSpec, name: string): Member | undefined {
  const meant = own(body.aliases, name) ?? name;
  const attribute = own(body.attributes, meant);
  if (attribute !== undefined) return { kind: 'attribute', name: meant, spec: attribute };
  const block = own(body.blocks, meant) ?? body.anyBlock;
  if (block !== undefined) return { kind: 'block', name: meant, spec: block };
  return body.free && { kind: 'attribute', name: meant, spec: { type: body.free, doc: body.doc } };
}

/** The attribute whose value a place is in, and the type wanted there: the item's inside a list or map. */
export function valueAt(
  place: Place,
  nameOf: (token: number) => string,
): { readonly name: string; readonly spec: AttributeSpec; readonly type: ValueType } | undefined {
  const depth = place.frames.findIndex(({ kind }) => kind !== 'block');
  const isNested = depth >= 0;
  const name = isNested ? place.frames[depth]?.name : place.before.slice(0, 1).map(nameOf)[0];
  const body = bodyOf(isNested ? place.frames.slice(0, depth) : place.frames);
  const member = body && name !== undefined ? memberOf(body, name) : undefined;
  if (member?.kind !== 'attribute') return undefined;
  let type: ValueType = member.spec.type;
  for (const _ of isNested ? place.frames.slice(depth) : []) {
    if (type.kind === 'list' || type.kind === 'map') type = type.of;
  }
  return { name: member.name, spec: member.spec, type };
}

function own<Value>(record: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
