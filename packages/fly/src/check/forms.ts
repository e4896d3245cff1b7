import type { TextForm } from '../schema/types.ts';

interface FormRule {
  readonly pattern: RegExp;
  readonly say: string;
  /** A text near to the one given that has the form. */
  repair?(text: string): string | undefined;
}

const hostPattern =
  /^(?=.{1,253}(:\d{1,5})?$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:\d{1,5})?$/i;

const rules: Readonly<Record<TextForm, FormRule>> = {
  host: {
    pattern: hostPattern,
    say: 'a host such as "gitlab.com" or "gitlab.example.com:8443", without https://',
    repair: (text) => /^https?:\/\/([^/]+)\/?$/i.exec(text)?.[1],
  },
  url: {
    pattern: /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i,
    say: 'an address that starts with https:// (or http://), without user, query and fragment',
    repair: (text) => (hostPattern.test(text) ? `https://${text}` : undefined),
  },
  email: { pattern: /^[^\s@]{1,64}@[^\s@]{1,253}$/, say: 'an e-mail address' },
  path: { pattern: /^[^\0]{1,4096}$/, say: 'a path' },
  zone: { pattern: /^[A-Za-z0-9_+/-]{1,64}$/, say: 'a time zone such as "Europe/Berlin"' },
};

/** What is wrong with a text of this form; `undefined` when nothing is. */
export function findFormProblem(
  form: TextForm,
  text: string,
): { readonly say: string; readonly repaired?: string } | undefined {
  const rule = rules[form];
  if (rule.pattern.test(text)) return undefined;
  const repaired = rule.repair?.(text);
  const isRepaired = repaired !== undefined && rule.pattern.test(repaired);
  return { say: rule.say, ...(isRepaired && { repaired }) };
}

/** Tokens that GitLab, the clouds and others hand out. */
const tokenForms = [
  /\bgl(?:pat|rt|dt|ptt|cbt|agent|soat|ft|imt|ffct|oas)-[\w-]{20,}/,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\bt1\.[A-Za-z0-9_-]{30,}/,
  /\b(?:ghp|gho|ghs|ghu)_[A-Za-z0-9]{36}\b/,
  /\bhvs\.[A-Za-z0-9_-]{20,}/,
  /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----/,
];

/** Does the text hold a token that should be in a secret store? */
export function holdsToken(text: string): boolean {
  return tokenForms.some((form) => form.test(text));
}

/** All patterns of tokens, for masking. */
export const tokenPattern = new RegExp(tokenForms.map((form) => form.source).join('|'), 'g');
