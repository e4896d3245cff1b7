import type { Range } from './literal-index.ts';

// https://docs.gitlab.com/security/tokens/#token-prefixes
const gitlabToken = String.raw`\bgl(?:pat|rt|rtr|cbt|dt|ptt|ft|soat|agent|oas|imt|ffct)-[\w.-]{8,}`;
const webhookSecret = String.raw`\bwhsec_[A-Za-z0-9+/=_-]{8,}`;
const awsKeyId = String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`;
const jwt = String.raw`\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*`;
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
    jwt,
    secretUri,
    urlPassword,
  ].join('|'),
  'g',
);
const openKey = new RegExp(String.raw`${keyBegin}(?![\s\S]*${keyEnd})`);
/** The beginning of `keyBegin` at the end of a text. */
const partialKeyBegin = /-----BEGIN [A-Z0-9 ]*-{0,4}$/;
export const privateKeyEnd = new RegExp(keyEnd);

/** Where the text shows something that is secret by its form alone. */
export function findPatterns(text: string): Range[] {
  return Array.from(text.matchAll(patterns), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
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
