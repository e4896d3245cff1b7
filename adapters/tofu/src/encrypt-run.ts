import type { Logger } from '@polar-gosling/kernel';
import { type CallOptions, type TofuRunRequest, type TofuTool, tofuErrors } from '@polar-gosling/ports/tofu';
import type { StateEncryption } from './state-keys.ts';
import { readStateForm, type StatePlace } from './state-place.ts';

export interface RunToEncrypt {
  readonly request: Pick<TofuRunRequest, 'runId' | 'wanted'>;
  readonly tool: TofuTool;
  readonly place: Pick<StatePlace, 'backend'>;
}

/**
 * What the environment of OpenTofu needs so that the run's state and plan are encrypted. Terraform cannot encrypt: it makes
 * machines of this host, whose states hold no token, and gets nothing. Only a state of such machines is taken in clear,
 * and only while it is: it is one of an earlier release or of Terraform.
 */
export async function encryptRun(
  { request, tool, place }: RunToEncrypt,
  { encryption, logger }: { readonly encryption: StateEncryption; readonly logger: Logger },
  options: CallOptions,
): Promise<Readonly<Record<string, string>>> {
  const { provider, egg } = request.wanted;
  const isOfThisHost = provider === 'local' && place.backend.kind === 'local';
  const form = place.backend.kind === 'local' ? await readStateForm(place.backend.path) : undefined;
  if (tool.product === 'terraform') {
    if (!isOfThisHost) throw cannotEncrypt(tool);
    if (form === 'encrypted') {
      throw tofuErrors.missing({
        tried: `${tool.path} is Terraform, which cannot read the encrypted state of egg "${egg}"`,
      });
    }
    return {};
  }
  const takesClear = isOfThisHost && form === 'clear';
  if (takesClear) {
    logger.warn('a state lies in clear; it is encrypted when it is written next', {
      egg,
      runId: request.runId,
    });
  }
  return { TF_ENCRYPTION: (await encryption({ ...options, takesClear })).reveal() };
}

export function cannotEncrypt({ path }: TofuTool) {
  return tofuErrors.missing({ tried: `${path} is Terraform, which would write states in clear` });
}
