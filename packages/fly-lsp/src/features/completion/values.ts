// biome-ignore-all lint/suspicious/noTemplateCurlyInString: places to fill of a snippet are written like this
import { fields, type ValueType } from '@polar-gosling/fly';
import type { SecretBackend } from '@polar-gosling/kernel';
import { CompletionItemKind } from 'vscode-languageserver';
import type { Snapshot } from '../../snapshot.ts';
import { namesOf, poolKinds, poolNames } from '../pool-names.ts';
import type { Choice } from './choice.ts';

const secretForms: Readonly<Record<SecretBackend, { readonly hole: string; readonly doc: string }>> = {
  'yc-lockbox': { hole: '${1:secret}/${2:key}', doc: 'Yandex Lockbox' },
  'aws-sm': { hole: '${1:secret}/${2:key}', doc: 'AWS Secrets Manager' },
  vault: { hole: '${1:path}/${2:key}', doc: 'HashiCorp Vault or OpenBao' },
  local: { hole: '${1:name}/${2:key}', doc: 'the encrypted file of this installation' },
};

const cronLines = [
  ['*/15 * * * *', 'every 15 minutes'],
  ['0 * * * *', 'every hour'],
  ['0 2 * * *', 'every day at 02:00 UTC'],
  ['0 2 * * 1', 'every Monday at 02:00 UTC'],
  ['0 2 1 * *', 'on the first of every month at 02:00 UTC'],
  ['0 7-19 * * 1-5', 'hourly in working hours, Monday to Friday'],
] as const;

interface Wanted {
  readonly name: string;
  readonly type: ValueType;
}

/** Values of the wanted type; texts are written with quotes unless they stand in some. */
export function valueChoices(
  snapshot: Snapshot,
  { name, type }: Wanted,
  { isQuoted }: { readonly isQuoted: boolean },
): Choice[] {
  if (!isQuoted && (type.kind === 'bool' || type.kind === 'any')) return words(['true', 'false']);
  if (isQuoted && type.kind === 'rule') return ruleWords();
  const texts = name === poolNames ? poolChoices(snapshot) : textChoices(type);
  return isQuoted || type.kind === 'list' ? texts : texts.map(quoted);
}

function textChoices(type: ValueType): Choice[] {
  switch (type.kind) {
    case 'enum':
      return words(type.of);
    case 'secret':
    case 'environment':
      return Object.entries(secretForms).map(([scheme, { hole, doc }]) => ({
        label: `${scheme}://`,
        kind: CompletionItemKind.Reference,
        detail: doc,
        snippet: `${scheme}://${hole}`,
      }));
    case 'cron':
      return cronLines.map(([label, detail]) => ({ label, detail, kind: CompletionItemKind.Snippet }));
    case 'duration':
      return words(['30s', '5m', '10m', '30m', '1h', '24h']);
    case 'size':
      return words(
        type.unit === 'MiB' ? ['512MiB', '2GiB', '4GiB', '8GiB', '16GiB'] : ['20GiB', '50GiB', '100GiB'],
      );
    default:
      return [];
  }
}

function poolChoices(snapshot: Snapshot): Choice[] {
  return namesOf(snapshot, poolKinds).map((label) => ({ label, kind: CompletionItemKind.Reference }));
}

function ruleWords(): Choice[] {
  return [...fields].map(([label, { type, words: ofField, doc }]) => ({
    label,
    kind: CompletionItemKind.Field,
    detail: ofField?.join(' | ') ?? type,
    doc,
  }));
}

function words(list: readonly string[]): Choice[] {
  return list.map((label) => ({ label, kind: CompletionItemKind.EnumMember }));
}

function quoted(choice: Choice): Choice {
  const { label, text = label, snippet } = choice;
  return { ...choice, text: `"${text}"`, ...(snippet !== undefined && { snippet: `"${snippet}"` }) };
}
