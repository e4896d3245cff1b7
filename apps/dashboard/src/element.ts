import { type ComponentChildren, h } from 'preact';

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One HTML element. Children are text nodes or elements; there is no way in for ready HTML. */
export function element(
  tag: string,
  attributes: Attributes | null,
  ...children: ComponentChildren[]
): ComponentChildren {
  return h(tag, attributes, ...children);
}
