import { referenceRoots } from '@polar-gosling/fly';
import { CompletionItemKind } from 'vscode-languageserver';
import { findDefinitions } from '../../definitions.ts';
import type { Snapshot } from '../../snapshot.ts';
import { namesOf } from '../pool-names.ts';
import type { Choice } from './choice.ts';

/** What a reference goes on with behind these names and their dot; without any: its first name. */
export function referenceChoices(snapshot: Snapshot, path: readonly string[]): Choice[] {
  const [root, name] = path;
  if (root === undefined) {
    return referenceRoots.map((label) => ({ label, kind: CompletionItemKind.Module, text: `${label}.` }));
  }
  if (root !== 'var' && root !== 'local') {
    const isRoot = referenceRoots.includes(root) && path.length === 1;
    return isRoot ? [{ label: 'name', kind: CompletionItemKind.Constant }] : [];
  }
  if (name !== undefined) return memberChoices(snapshot, path);
  return namesOf(snapshot, [root]).map((label) => ({
    label,
    kind: CompletionItemKind.Variable,
    detail: fileOf(snapshot, { root, label }),
  }));
}

function memberChoices({ scope }: Snapshot, path: readonly string[]): Choice[] {
  const found = scope.lookup(path);
  if (found.kind !== 'value') return [];
  const { value } = found;
  const isMap = value !== null && typeof value === 'object' && !Array.isArray(value);
  return isMap ? Object.keys(value).map((label) => ({ label, kind: CompletionItemKind.Field })) : [];
}

function fileOf(
  { nest }: Snapshot,
  { root, label }: { readonly root: string; readonly label: string },
): string {
  return (
    findDefinitions(nest).find(({ kind, name }) => kind === root && name === label)?.source.parsed.file ?? ''
  );
}
