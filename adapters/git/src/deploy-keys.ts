import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { Secret } from '@polar-gosling/kernel';

export interface DeployKeys {
  /** OpenSSH PEM (`openssh-key-v1`, no passphrase), with its last line break. */
  readonly privateKey: Secret;
  /** One line: `ssh-ed25519 … comment`. */
  readonly publicKey: string;
}

const algorithm = 'ssh-ed25519';
const blockBytes = 8;
const lineLetters = 70;

/** A fresh Ed25519 key pair in the forms OpenSSH and GitLab take. */
export function createDeployKeys(options: { comment?: string } = {}): DeployKeys {
  const comment = (options.comment ?? 'polar-gosling').replace(/\s+/g, '-');
  const { privateKey } = generateKeyPairSync('ed25519');
  const point = rawPart(createPublicKey(privateKey), 'x');
  const publicBlob = Buffer.concat([sshString(algorithm), sshString(point)]);
  return {
    privateKey: new Secret(opensshPem({ seed: rawPart(privateKey, 'd'), point, publicBlob, comment })),
    publicKey: `${algorithm} ${publicBlob.toString('base64')} ${comment}`.trimEnd(),
  };
}

/** The container of PROTOCOL.key in OpenSSH: public part, then the private one padded to the cipher's block. */
function opensshPem(key: { seed: Buffer; point: Buffer; publicBlob: Buffer; comment: string }): string {
  const check = randomBytes(4);
  const secretPart = pad(
    Buffer.concat([
      check,
      check,
      sshString(algorithm),
      sshString(key.point),
      sshString(Buffer.concat([key.seed, key.point])),
      sshString(key.comment),
    ]),
  );
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    sshString('none'),
    sshString('none'),
    sshString(''),
    uint32(1),
    sshString(key.publicBlob),
    sshString(secretPart),
  ]);
  const lines = whole.toString('base64').match(new RegExp(`.{1,${lineLetters}}`, 'g')) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function rawPart(key: KeyObject, part: 'd' | 'x'): Buffer {
  return Buffer.from(key.export({ format: 'jwk' })[part] ?? '', 'base64url');
}

function pad(bytes: Buffer): Buffer {
  const missing = (blockBytes - (bytes.length % blockBytes)) % blockBytes;
  return Buffer.concat([bytes, Buffer.from(Array.from({ length: missing }, (_, index) => index + 1))]);
}

function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
