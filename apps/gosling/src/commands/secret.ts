import path from 'node:path';
import { silentLogger } from '@polar-gosling/kernel';
import { secretRole } from '@polar-gosling/ports/secrets';
import { placeOfSecret, rotateKeyring } from '@polar-gosling/wiring';
import type { Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { openSecretStore, secretsSettings } from '../secret-store.ts';
import { renderTable } from '../ui/table.ts';

/** The value comes from a pipe or a prompt, never from a flag: flags stand in histories and process lists. */
export const putSecret: Command = async (context, input) => {
  const { prompter, signal, output, masker } = context;
  const reference = input.argument('REF');
  const value = prompter.isInteractive
    ? await prompter.secret({ what: `value of ${reference}`, flag: 'the value on stdin' })
    : await prompter.stdin('gosling secret put');
  if (value.reveal().length < 8) throw cliErrors.usage({ problem: 'a secret has at least 8 characters' });
  masker.add(value);
  await openSecretStore(context).write(reference, value, { signal });
  output.talk(`${secretRole(reference)} is set`);
  return exitCodes.ok;
};

export const listSecrets: Command = async (context, input) => {
  const { output, signal, flags } = context;
  const references = await openSecretStore(context).list(input.arguments('PREFIX')[0] ?? '', { signal });
  if (flags.json) {
    output.json(references.map((reference) => ({ reference, role: secretRole(reference) })));
  } else if (references.length === 0) {
    output.talk('no secrets');
  } else {
    const rows = references.map((reference) => [reference, secretRole(reference)]);
    output.data(
      renderTable(['REFERENCE', 'WHAT IT IS'], rows, { style: output.dataStyle, columns: undefined }),
    );
  }
  return exitCodes.ok;
};

/** A public key is no secret and is shown; of anything else only that it is there. */
export const explainSecret: Command = async (context, input) => {
  const { output, signal, flags } = context;
  const reference = input.argument('REF');
  const value = await openSecretStore(context).read(reference, { signal });
  const role = secretRole(reference);
  const place = placeOfSecret(reference, secretsSettings(context));
  const isPublic = reference.startsWith('deploy-keys/') && reference.endsWith('-public');
  const shown = isPublic && value !== undefined ? { value: value.reveal() } : {};
  if (flags.json) {
    output.json({ reference, place, role, is_set: value !== undefined, ...shown });
  } else {
    output.data(`${reference}: ${role}; ${value === undefined ? 'not set' : 'set'}; kept at ${place}`);
    if (shown.value !== undefined) output.data(shown.value);
  }
  return value === undefined ? exitCodes.notFound : exitCodes.ok;
};

/** A new key for the sealed columns of the store. Broken off, it is gone on with by the next call. */
export const rotateSecret: Command = async (context, input) => {
  const { config, clock, env, output, signal, flags } = context;
  const reference = input.argument('REF');
  if (reference !== 'store/keyring') {
    throw cliErrors.usage({
      problem: 'what can be rotated is store/keyring; set others anew with gosling secret put',
    });
  }
  // The pass opens the file and its big columns itself.
  if ((env['GOSLING_STORE'] || 'sqlite') !== 'sqlite' || env['GOSLING_BLOBS']) {
    throw cliErrors.usage({
      problem: 'the key ring is rotated where store and blobs lie in the data directory',
    });
  }
  const dataDir = path.resolve(config.dataDir);
  const secrets = openSecretStore(context);
  const deps = { dataDir, secrets, clock, log: silentLogger, pid: process.pid };
  const rotation = await rotateKeyring(deps, { signal });
  if (rotation.kind === 'running') throw cliErrors.alreadyRunning({ dataDir, pid: rotation.pid });
  const { rows, wasResumed } = rotation;
  if (flags.json) output.json({ rows, was_resumed: wasResumed });
  else
    output.talk(
      `a new key is in force; ${rows} rows were sealed again${wasResumed ? ' (an earlier rotation was finished)' : ''}`,
    );
  return exitCodes.ok;
};
