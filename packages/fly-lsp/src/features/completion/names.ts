import type { BlockSpec, ValueType } from '@polar-gosling/fly';
import { CompletionItemKind } from 'vscode-languageserver';
import { documentation, typeText } from '../../describe.ts';
import type { Choice } from './choice.ts';

/** Attributes and blocks that the body may still have: required ones first, then attributes, then blocks. */
export function nameChoices(
  body: BlockSpec,
  { present, isNameOnly }: { readonly present: readonly string[]; readonly isNameOnly: boolean },
): Choice[] {
  const has = (name: string) => present.includes(name);
  const attributes = Object.entries(body.attributes ?? {}).flatMap(([name, spec]) => {
    if (has(name) || spec.deprecated !== undefined || isExcluded(body, name, has)) return [];
    const choice: Choice = {
      label: name,
      kind: CompletionItemKind.Property,
      detail: typeText(spec.type),
      doc: documentation({ kind: 'attribute', name, spec }),
      ...(!isNameOnly && { text: `${name} = `, snippet: `${name} = ${hole(spec.type)}` }),
    };
    return [{ choice, isRequired: spec.required === true || body.exactlyOne?.includes(name) === true }];
  });
  const blocks = Object.entries(body.blocks ?? {}).flatMap(([name, spec]) => {
    if ((has(name) && spec.repeat === undefined) || spec.deprecated !== undefined) return [];
    const choice: Choice = {
      label: name,
      kind: CompletionItemKind.Struct,
      detail: 'block',
      doc: documentation({ kind: 'block', name, spec }),
      ...(!isNameOnly && blockText(name, spec)),
    };
    return [{ choice, isRequired: spec.required === true && !has(name) }];
  });
  const all = [...attributes, ...blocks];
  return [...all.filter((one) => one.isRequired), ...all.filter((one) => !one.isRequired)].map(
    ({ choice }) => choice,
  );
}

/** Something stands there already that it cannot stand beside. */
function isExcluded(body: BlockSpec, name: string, has: (name: string) => boolean): boolean {
  const { exactlyOne = [] } = body;
  return exactlyOne.includes(name) && exactlyOne.some(has);
}

function blockText(name: string, spec: BlockSpec): { text: string; snippet: string } {
  const count = spec.labels ?? 0;
  const labels = Array.from({ length: count }, (_, index) => ` "\${${index + 1}:name}"`).join('');
  const plain = Array.from({ length: count }, () => ' ""').join('');
  return { text: `${name}${plain} {\n}`, snippet: `${name}${labels} {\n\t$0\n}` };
}

function hole(type: ValueType): string {
  if (type.kind === 'list') return '[$0]';
  if (type.kind === 'map') return '{ $0 }';
  const isText = ['string', 'duration', 'cron', 'enum', 'secret', 'rule', 'environment'].includes(type.kind);
  return isText ? '"$0"' : '$0';
}
