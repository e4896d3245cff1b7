import { tokenPattern } from '../check/forms.ts';

const shown = '***MASKED***';
const uriPattern = /\b(yc-lockbox|aws-sm|vault|local):\/\/[^\s"'<>]+/g;

/** A text without references to secrets and without tokens. */
export function maskSecrets(text: string): string {
  return text.replace(uriPattern, (_, scheme: string) => `${scheme}://${shown}`).replace(tokenPattern, shown);
}

/** A text without tokens; references to secrets stay, since they are no secrets. */
export function maskTokens(text: string): string {
  return text.replace(tokenPattern, shown);
}

/** In a line of a file a reference goes up to its quote, blanks included. */
const quotedUri = /\b(yc-lockbox|aws-sm|vault|local):\/\/[^"'<>\n]+/g;

/** The same, with as many characters as before, so that columns stay. */
export function maskInPlace(text: string): string {
  return text
    .replace(
      quotedUri,
      (whole, scheme: string) => `${scheme}://${'*'.repeat(whole.length - scheme.length - 3)}`,
    )
    .replace(tokenPattern, (whole) => '*'.repeat(whole.length));
}
