import { Secret } from '@polar-gosling/kernel';
import { cliErrors } from '../cli-errors.ts';

/** Asks the person at the keyboard; where there is none, says which flag would have answered. */
export interface Prompter {
  readonly isInteractive: boolean;
  text(question: { what: string; flag: string; example?: string }): Promise<string>;
  secret(question: { what: string; flag: string }): Promise<Secret>;
  confirm(question: { what: string; flag: string }): Promise<boolean>;
  /** Everything on stdin, without the last line end. Refused at a terminal. */
  stdin(flag: string): Promise<Secret>;
}

const stdinLimitBytes = 64 * 1024;

export function createPrompter(options: {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
  readonly isCi: boolean;
}): Prompter {
  const isInteractive = options.stdin.isTTY === true && options.stderr.isTTY === true && !options.isCi;
  const streams = { input: options.stdin, output: options.stderr };
  const need = (question: { what: string; flag: string }) => {
    if (isInteractive) return;
    throw cliErrors.usage({ problem: `${question.what} is missing`, fix: `pass ${question.flag}` });
  };
  return {
    isInteractive,
    async text(question) {
      need(question);
      const { text } = await import('@clack/prompts');
      const message = question.what;
      return textOf(await text({ message, ...streams, ...placeholder(question.example) }));
    },
    async secret(question) {
      need(question);
      const { password } = await import('@clack/prompts');
      return new Secret(textOf(await password({ message: question.what, ...streams })).trim());
    },
    async confirm(question) {
      need(question);
      const { confirm } = await import('@clack/prompts');
      const answer = await confirm({ message: question.what, initialValue: false, ...streams });
      if (typeof answer === 'symbol') throw cliErrors.interrupted({});
      return answer;
    },
    async stdin(flag) {
      if (options.stdin.isTTY === true) {
        throw cliErrors.usage({ problem: `${flag} reads a pipe, and stdin is a terminal` });
      }
      return new Secret(await readAll(options.stdin));
    },
  };
}

function placeholder(example: string | undefined): { placeholder: string } | Record<never, never> {
  return example === undefined ? {} : { placeholder: example };
}

/** clack answers a symbol when the person pressed Ctrl-C. */
function textOf(answer: string | symbol): string {
  if (typeof answer === 'symbol') throw cliErrors.interrupted({});
  return answer;
}

async function readAll(stdin: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > stdinLimitBytes) {
      throw cliErrors.usage({ problem: `stdin holds more than ${stdinLimitBytes} bytes; that is no secret` });
    }
    chunks.push(buffer);
  }
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (text === '') throw cliErrors.usage({ problem: 'stdin is empty' });
  return text;
}
