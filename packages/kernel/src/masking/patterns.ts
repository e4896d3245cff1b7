import type { Range } from './literal-index.ts';

// https://docs.gitlab.com/security/tokens/#token-prefixes
const gitlabToken = String.raw`\bgl(?:pat|rt|rtr|cbt|dt|ptt|ft|soat|agent|oas|imt|ffct)-[\w.-]{8,}`;
const webhookSecret = String.raw`\bwhsec_[A-Za-z0-9+/=_-]{8,}`;
const awsKeyId = String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`;
const awsSecretKey = String.raw`\b(?:aws_secret_access_key|AWS_SECRET_ACCESS_KEY|SecretAccessKey)["']?\s?[=:]\s?["']?(?<key>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])`;
// https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes
const vaultToken = String.raw`\bhv[sbr]\.[\w-]{20,}`;
const yandexToken = String.raw`\bt1\.[\w-]{8,}=*\.[\w-]{8,}=*`;
const yandexKey = String.raw`\bYC[MNP][\w-]{37}\b`;
const bearer = String.raw`\b(?:[Bb]earer|BEARER)\s(?<token>[\w.~+/=-]{20,})`;
/** A word of the two patterns above whose secret may come with the next chunk. */
const openWord = /\b(?:bearer|aws_secret_access_key|SecretAccessKey)["']?\s?[=:]?\s?["']?[\w.~+/=-]*$/i;
// Not behind a sign of its own alphabet: each place of a long text would be a beginning.
const jwt = String.raw`(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*`;
const secretUri = String.raw`(?<=\b(?:local|aws-sm|yc-lockbox|vault):\/\/)[^\s"'<>\\]+`;
const urlPassword = String.raw`(?<=:\/\/)[^\s\/:@"'<>\\]*:[^\s\/@"'<>\\]+(?=@)`;
const keyBegin = '-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----';
const keyEnd = '-----END [A-Z0-9 ]*PRIVATE KEY-----';

const patterns = new RegExp(
  [
    String.raw`${keyBegin}[\s\S]*?(?:${keyEnd}|$)`,
    gitlabToken,
    webhookSecret,
    awsKeyId,
    awsSecretKey,
    vaultToken,
    yandexToken,
    yandexKey,
    jwt,
    bearer,
    secretUri,
    urlPassword,
  ].join('|'),
  'g',
);
const longestTail = 4096;
const openKey = new RegExp(String.raw`${keyBegin}(?![\s\S]*${keyEnd})`);
/** The beginning of `keyBegin` at the end of a text. */
const partialKeyBegin = /-----BEGIN [A-Z0-9 ]*-{0,4}$/;
export const privateKeyEnd = new RegExp(keyEnd);

/** Where the text shows something that is secret by its form alone. */
export function findPatterns(text: string): Range[] {
  return Array.from(text.matchAll(patterns), (match) => {
    const end = match.index + match[0].length;
    // Of those the word before the secret may be seen.
    const secret = match.groups?.['token'] ?? match.groups?.['key'] ?? match[0];
    return { start: end - secret.length, end };
  });
}

/** The same, with the word before the secret that makes it one. */
export function findPatternsWhole(text: string): Range[] {
  return Array.from(text.matchAll(patterns), ({ index, 0: whole }) => ({
    start: index,
    end: index + whole.length,
  }));
}

/** Where something begins that is secret together with what may follow; the length when there is none. */
export function openStart(text: string): number {
  // The word and a secret of some length: what is longer is held back as the last word of the text anyway.
  const tailStart = Math.max(0, text.length - longestTail);
  const word = text.slice(tailStart).search(openWord);
  return Math.min(openKeyStart(text), word < 0 ? text.length : tailStart + word);
}

/** Where a private key begins that has no end yet, or might begin; the length when there is none. */
export function openKeyStart(text: string): number {
  const open = lastOpenKey(text);
  const partial = text.search(partialKeyBegin);
  return Math.min(open < 0 ? text.length : open, partial < 0 ? text.length : partial);
}

function lastOpenKey(text: string): number {
  const start = text.lastIndexOf('-----BEGIN ');
  if (start < 0) return -1;
  const open = text.slice(start).search(openKey);
  return open < 0 ? -1 : start + open;
}
