import { generateKeyPairSync } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { caFileMostBytes, readCaCertificates } from './ca-file.ts';

const [one = '', two = ''] = rootCertificates;
const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const readFrom = (text: string | undefined) =>
  readCaCertificates({ readCaFile: () => text }, { file: '/etc/ca.pem', egg: 'app' });

const bare = (pem: string | undefined) => pem?.replaceAll(/\s/g, '');

describe('readCaCertificates', () => {
  it('answers the certificates of the file and nothing else of it', () => {
    const answer = readFrom(`# our own CA, password: hunter2\n${one}\nsome words\n${two}\n`);

    expect(bare(answer)).toBe(bare(one + two));
  });

  it('asks for no file where none is named', () => {
    expect(readCaCertificates({ readCaFile: () => one }, { file: undefined, egg: 'app' })).toBeUndefined();
  });

  it.each([
    ['a private key', key, /there is a PRIVATE KEY in it/],
    ['a private key behind a certificate', `${one}\n${key}`, /there is a PRIVATE KEY in it/],
    ['any other text', 'root:x:0:0:root:/root:/bin/bash', /there is no PEM certificate in it/],
    [
      'text dressed as a certificate',
      `-----BEGIN CERTIFICATE-----\n${Buffer.from('secret').toString('base64')}\n-----END CERTIFICATE-----\n`,
      /its certificate number 1 cannot be read/,
    ],
    ['a file that is too big', `${one}${' '.repeat(caFileMostBytes)}`, /it is over 524288 bytes/],
  ])('refuses %s, and names file and Egg without a word of it', (_what, text, why) => {
    const refused = () => readFrom(text);

    expect(refused).toThrow(expect.objectContaining({ code: 'CA_FILE_REFUSED' }));
    expect(refused).toThrow(why);
    expect(refused).toThrow(/ca_file \/etc\/ca\.pem of egg app/);
    expect(refused).not.toThrow(/root:x|c2VjcmV0/);
  });

  it('says which file of which Egg cannot be read', () => {
    expect(() => readFrom(undefined)).toThrow(/ca_file \/etc\/ca\.pem of egg app cannot be read/);
  });
});
