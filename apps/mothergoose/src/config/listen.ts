import { isLoopbackHost } from '@polar-gosling/api-contract';

export interface Listen {
  readonly host: string;
  readonly port: number;
  readonly isLoopback: boolean;
  readonly problems: readonly { readonly name: string; readonly message: string }[];
}

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`; `PORT`, as platforms set it, wins over the port. */
export function readListen(listen: string, port: string | undefined): Listen {
  const [, address = '', ownPort = ''] = /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]/]+):(\d{1,5})$/.exec(listen) ?? [];
  const host = address.replace(/^\[|\]$/g, '');
  const problems = [
    ...(isPort(ownPort)
      ? []
      : [{ name: 'GOSLING_LISTEN', message: 'host:port, for example 127.0.0.1:8080' }]),
    ...(port === undefined || isPort(port) ? [] : [{ name: 'PORT', message: 'a port, 0 to 65535' }]),
  ];
  return { host, port: Number(port ?? ownPort), isLoopback: isLoopbackHost(host), problems };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}
