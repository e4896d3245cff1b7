import { parseArgs } from 'node:util';
import { simErrors } from './errors.ts';

export interface SimArguments {
  readonly host: string;
  readonly port: number;
  readonly seedFile: string | undefined;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  /** Requests per minute and token. */
  readonly rateLimit: number | undefined;
  readonly withControlApi: boolean;
  readonly longPollMs: number;
}

const usage =
  'usage: gitlab-sim [--host H] [--port N] [--seed-file FILE] [--tls-cert FILE --tls-key FILE] [--rate-limit N/min] [--long-poll MS] [--control]';

/** Reads the command line of the simulator's own process. */
export function parseSimArguments(argv: readonly string[]): SimArguments {
  const values = parse(argv);
  const args: SimArguments = {
    host: values.host ?? '127.0.0.1',
    port: readNumber('--port', values.port ?? '0'),
    seedFile: values['seed-file'],
    tlsCertFile: values['tls-cert'],
    tlsKeyFile: values['tls-key'],
    rateLimit:
      values['rate-limit'] === undefined
        ? undefined
        : readNumber('--rate-limit', values['rate-limit'].replace(/\/min$/, '')),
    withControlApi: values.control ?? false,
    longPollMs: readNumber('--long-poll', values['long-poll'] ?? '0'),
  };
  if ((args.tlsCertFile === undefined) !== (args.tlsKeyFile === undefined)) {
    throw simErrors.badArgument({ problem: '--tls-cert and --tls-key go together' });
  }
  return args;
}

function parse(argv: readonly string[]) {
  const option = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        host: option,
        port: option,
        'seed-file': option,
        'tls-cert': option,
        'tls-key': option,
        'rate-limit': option,
        'long-poll': option,
        control: { type: 'boolean' },
      },
    }).values;
  } catch (cause) {
    throw simErrors.badArgument({ problem: `${String(cause)}; ${usage}` }, { cause });
  }
}

function readNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw simErrors.badArgument({ problem: `${name} is a number, not "${text}"` });
  return Number(text);
}
