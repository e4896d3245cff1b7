import type { Tool, ToolRequest, ToolSource } from '@polar-gosling/api-contract';
import { binaryRequestProblem, binarySecretProblem } from '@polar-gosling/ports/binaries';
import type { CommandInput } from '../../cli/command.ts';
import { cliErrors } from '../../cli-errors.ts';

/** What MotherGoose is asked; CLI_USAGE where no worker could ever do it. */
export function installRequest(
  input: CommandInput,
  kind: Tool['kind'],
): Extract<ToolRequest, { action: 'install' }> {
  const version = input.argument('VERSION');
  const platform = input.text('platform');
  const source = sourceOf(input);
  const secretRef = source.auth?.secret_ref;
  const problem =
    binaryRequestProblem({ program: kind, version, platform, source }) ??
    (secretRef === undefined ? undefined : binarySecretProblem(secretRef));
  if (problem !== undefined) throw cliErrors.usage(problem);
  const use = input.flag('use');
  return { action: 'install', version, source, use, ...(platform !== undefined && { platform }) };
}

function sourceOf(input: CommandInput): ToolSource {
  const auth = authOf(input);
  const url = input.text('url');
  if (url === undefined) {
    const repository = input.text('repository');
    return { kind: 'github', ...(repository !== undefined && { repository }), ...(auth && { auth }) };
  }
  const sha256 = input.text('sha256');
  if (sha256 === undefined || !/^[0-9a-fA-F]{64}$/.test(sha256)) {
    throw cliErrors.usage({
      problem: '--url needs --sha256 with 64 hexadecimal digits',
      fix: 'take them from the maker of the file: sha256sum FILE',
    });
  }
  return { kind: 'other', url, sha256, ...(auth && { auth }) };
}

/** `bearer:REF`, `token:REF`, `header:NAME:REF`; the secret itself stays where it is. */
function authOf(input: CommandInput): ToolSource['auth'] {
  const text = input.text('auth');
  if (text === undefined) return undefined;
  const [kind, ...rest] = text.split(':');
  const [first = '', second = ''] = rest;
  if ((kind === 'bearer' || kind === 'token') && first !== '' && rest.length === 1) {
    return { kind, secret_ref: first };
  }
  if (kind === 'header' && first !== '' && second !== '' && rest.length === 2) {
    return { kind, name: first, secret_ref: second };
  }
  throw cliErrors.usage({
    problem: `--auth "${text}" is none`,
    fix: 'write bearer:REF, token:REF or header:NAME:REF; REF is tools/NAME, where gosling secret put has put the token',
  });
}
