const shown = '[masked]';

/** Forms of secrets that may stand in a text of others: GitLab's tokens, ours, bearer headers, keys, URL passwords. */
const forms: readonly RegExp[] = [
  /\bgl(?:pat|rt|dt|ptt|cbt|oas|ft|soat|agent|imt|ffct)-[A-Za-z0-9_.-]{8,}/g,
  /\bGR1348941[A-Za-z0-9_-]{10,}/g,
  /(?<=\bBearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi,
  /(?<=:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

/** The text without anything that looks like a secret, and without `values` wherever they stand. */
export function maskText(text: string, values: readonly string[] = []): string {
  const known = values
    .filter((value) => value.length >= 6)
    .reduce((masked, value) => masked.replaceAll(value, shown), text);
  return forms.reduce((masked, form) => masked.replace(form, shown), known);
}
