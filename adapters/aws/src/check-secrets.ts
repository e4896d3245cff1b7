import { isCoded, Secret, skewOf } from '@polar-gosling/kernel';
import { type CallOptions, checkSkew, type SelfCheck } from '@polar-gosling/ports/secrets';
import { type AwsSecretsOptions, awsSecretsPrefix, createAwsSecrets } from './secrets.ts';

const probe = 'doctor/self-check/probe';

/** Can we reach Secrets Manager, is its clock ours, may we list, write, read back and remove? Leaves nothing behind. */
export async function checkSecretsManager(
  options: AwsSecretsOptions,
  { signal }: CallOptions,
): Promise<readonly SelfCheck[]> {
  let skewMs: number | undefined;
  const secrets = createAwsSecrets({
    ...options,
    seeResponse: (response) => {
      skewMs = skewOf(response, options.clock.now()) ?? skewMs;
    },
  });
  const prefix = options.prefix ?? awsSecretsPrefix;
  const call = { signal, role: 'the probe of the doctor' };
  const value = new Secret(`probe-${options.ids.token(12)}`);
  const reach = await look('reach', async () => {
    await secrets.list('doctor/', call);
    return 'Secrets Manager answers';
  });
  const clock = checkSkew(skewMs, 'Secrets Manager');
  if (!reach.ok) return [reach, ...clock];
  const rights = await look('rights', async () => {
    await secrets.write(probe, value, call);
    const found = await secrets.read(probe, call);
    await secrets.remove(probe, call);
    if (found?.reveal() !== value.reveal()) return undefined;
    return `may list, write, read and remove secrets of ${prefix}*`;
  });
  return [reach, ...clock, rights];
}

async function look(name: 'reach' | 'rights', action: () => Promise<string | undefined>): Promise<SelfCheck> {
  const fix =
    name === 'reach'
      ? 'see GOSLING_SECRETS_ENDPOINT, GOSLING_SECRETS_REGION, the credentials and the right secretsmanager:ListSecrets'
      : 'allow Create, Describe, Get, Put, UpdateSecretVersionStage, Delete and Restore of these secrets';
  try {
    const detail = await action();
    if (detail !== undefined) return { name, ok: true, detail };
    return { name, ok: false, detail: 'what was written does not read back', fix };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { name, ok: false, detail: error.message, fix };
  }
}
