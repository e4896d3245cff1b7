import path from 'node:path';
import { silentLogger } from '@polar-gosling/kernel';
import { secretRole } from '@polar-gosling/ports/secrets';
import { placeOfSecret, type Rotation, rotateKeyring } from '@polar-gosling/wiring';
import type { Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { secretsSettings, withSecretStore } from '../secret-store.ts';
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
  await withSecretStore(context, (secrets) => secrets.write(reference, value, { signal }));
  output.talk(`${secretRole(reference)} is set`);
  return exitCodes.ok;
};

export const listSecrets: Command = async (context, input) => {
  const { output, signal, flags } = context;
  const references = await withSecretStore(context, (secrets) =>
    secrets.list(input.arguments('PREFIX')[0] ?? '', { signal }),
  );
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
  const value = await withSecretStore(context, (secrets) => secrets.read(reference, { signal }));
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
  const { clock, env, ids, masker, output, signal, flags } = context;
  const reference = input.argument('REF');
  if (reference !== 'store/keyring') {
    throw cliErrors.usage({
      problem: 'what can be rotated is store/keyring; set others anew with gosling secret put',
    });
  }
  const { readConfig } = await import('@polar-gosling/mothergoose');
  const reading = readConfig(env);
  if (reading.kind === 'wrong') {
    const problems = reading.problems.map(({ name, message }) => `${name}: ${message}`);
    throw cliErrors.badConfig({ problems });
  }
  const dataDir = path.resolve(context.config.dataDir);
  const { engines } = reading.config;
  const here = {
    dataDir,
    engines,
    environment: env,
    masker,
    clock,
    ids,
    log: silentLogger,
    pid: process.pid,
  };
  const rotation = await withSecretStore(context, (secrets) =>
    rotateKeyring({ ...here, secrets }, { signal }),
  );
  if (rotation.kind === 'busy') {
    throw cliErrors.locked({ what: 'the key ring', reason: 'another rotation is under way' });
  }
  if (flags.json) output.json(rotationToJson(rotation));
  else for (const line of rotationLines(rotation)) output.talk(line);
  return exitCodes.ok;
};

type Ended = Exclude<Rotation, { kind: 'busy' }>;

function rotationToJson(rotation: Ended) {
  const { rows, wasResumed } = rotation;
  const until = rotation.kind === 'waiting' ? new Date(rotation.untilMs).toISOString() : undefined;
  return {
    rows,
    was_resumed: wasResumed,
    is_done: rotation.kind === 'done',
    ...(until === undefined ? {} : { old_key_until: until }),
  };
}

function rotationLines(rotation: Ended): readonly string[] {
  const resumed = rotation.wasResumed ? ' (an earlier rotation was gone on with)' : '';
  const lines = [`a new key is in force; ${rotation.rows} rows were sealed again${resumed}`];
  if (rotation.kind === 'done') return [...lines, 'the old key is out of the key ring'];
  const until = new Date(rotation.untilMs).toISOString();
  return [
    ...lines,
    `The old key stays in the key ring: what runs now may seal with it until ${until}.`,
    'Call gosling secret rotate store/keyring again after that; it takes the old key out.',
  ];
}
