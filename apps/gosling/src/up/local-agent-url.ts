/** By the host of a URL: the addresses that mean "every one", and the loopback of the same family. */
const loopbackOf: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' };

/**
 * Where an agent on this host finds us. "Every address" is none to call: then it is the public URL, which the
 * certificate names, else loopback of the same family.
 */
export function localAgentUrl(at: {
  readonly listening: string;
  readonly publicUrl: string | undefined;
}): string {
  const url = URL.parse(at.listening);
  const loopback = url === null ? undefined : loopbackOf[url.hostname];
  if (url === null || loopback === undefined) return at.listening;
  if (at.publicUrl !== undefined) return at.publicUrl;
  url.hostname = loopback;
  return url.origin;
}
