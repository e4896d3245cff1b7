import { CompletionItemKind } from 'vscode-languageserver';
import type { Snapshot } from '../../snapshot.ts';
import { namesOf } from '../pool-names.ts';
import type { Choice } from './choice.ts';

const partialKinds = ['egg', 'eggsbucket', 'job', 'uglyfox', 'mothergoose'];

/** Labels that say what they refer to: the kind in `defaults` and `patch`, and the block a patch changes. */
export function labelChoices(snapshot: Snapshot, [head, kind]: readonly string[]): Choice[] {
  const isPartial = head === 'defaults' || head === 'patch';
  if (isPartial && kind === undefined) {
    return partialKinds.map((label) => ({ label, kind: CompletionItemKind.Keyword }));
  }
  if (head !== 'patch' || kind === undefined) return [];
  return namesOf(snapshot, [kind]).map((label) => ({
    label,
    kind: CompletionItemKind.Reference,
    detail: kind,
  }));
}
