/** The proxies that the host's environment names. */
export function proxyOf(environment: Readonly<Record<string, string | undefined>>): {
  httpsProxy?: string;
  httpProxy?: string;
  noProxy?: string;
} {
  const https = environment['HTTPS_PROXY'] ?? environment['https_proxy'];
  const http = environment['HTTP_PROXY'] ?? environment['http_proxy'];
  const none = environment['NO_PROXY'] ?? environment['no_proxy'];
  return {
    ...(https ? { httpsProxy: https } : {}),
    ...(http ? { httpProxy: http } : {}),
    ...(none ? { noProxy: none } : {}),
  };
}

/** The same variables by their names, for HTTP agents that follow them by themselves. */
export function proxiesOf(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'];
  return Object.fromEntries(names.map((name) => [name, environment[name]]));
}
