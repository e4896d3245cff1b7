import { apiErrors } from './api-errors.ts';

const form = /^(https?):\/\/(\[[0-9a-f:.]+\]|[^\s/?#@:[\]]+)(:\d{1,5})?(\/[^\s?#]*)?$/i;

/** Checks an address of MotherGoose and takes a slash off its end. Fails with API_BAD_URL, API_INSECURE_URL. */
export function readBaseUrl(text: string): string {
  const [, scheme, host] = form.exec(text) ?? [];
  if (scheme === undefined || host === undefined) throw apiErrors.badUrl({ url: withoutUser(text) });
  if (scheme.toLowerCase() === 'http' && !isLoopbackHost(host)) throw apiErrors.insecureUrl({ url: text });
  return text.replace(/\/+$/, '');
}

/** Is this host name (an IPv6 address in brackets or not) always the machine itself? */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

function withoutUser(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//');
}
