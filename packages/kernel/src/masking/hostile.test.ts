import { createHash } from 'node:crypto';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMasker, type Masker } from './masker.ts';

const shown = '***MASKED***';
const secret = 'CANARY-p@ss"w\\ö/rd+9f86d081';
/** Beginnings of what is secret by its form, and what regular expressions like to try again and again. */
const pieces = [
  '-----BEGIN ',
  '-----BEGIN PRIVATE KEY-----',
  '-----END PRIVATE KEY-----',
  '-----',
  'glpat-',
  'eyJ',
  'eyJaaaaaaaaaa.',
  'eyJaaaaaaaa-',
  '://',
  '://a:',
  'vault://',
  'aws-sm://x',
  'Bearer ',
  'aws_secret_access_key = "',
  'AKIA',
  'hvs.',
  't1.',
  '@',
  ':',
  '\\',
  '"',
  ' ',
  '\n',
  '\0',
  'ö',
  '\u{1F511}',
  '\uD800',
  secret.slice(0, 9),
  secret.slice(0, -1),
];
const forms = (text: string): string[] => [
  text,
  Buffer.from(text).toString('base64'),
  Buffer.from(`x${text}`).toString('base64url'),
  Buffer.from(text).toString('hex'),
  encodeURIComponent(text),
  JSON.stringify(JSON.stringify(text)),
];

function maskerOf(...secrets: string[]): Masker {
  const masker = createMasker();
  for (const each of secrets) masker.add(each);
  return masker;
}

function throughStream(masker: Masker, text: string, chunk: number): string {
  const stream = masker.stream();
  let out = '';
  for (let place = 0; place < text.length; place += chunk)
    out += stream.write(text.slice(place, place + chunk));
  return out + stream.end();
}

describe('Feature: gitops-runner-orchestration, Property 4c: hostile strings', () => {
  it('10,000 of them show no secret, whole or in chunks', { timeout: 120_000 }, () => {
    const masker = maskerOf(secret, ...manySecrets(50));
    const hostile = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 6 })), {
      maxLength: 40,
    });
    const form = fc.nat({ max: forms('').length - 1 });
    fc.assert(
      fc.property(
        hostile,
        hostile,
        fc.tuple(form, fc.integer({ min: 1, max: 200 })),
        (before, after, [at, chunk]) => {
          const hidden = String(forms(secret)[at]);
          const text = `${before.join('')}${hidden}${after.join('')}`;

          for (const out of [masker.mask(text), throughStream(masker, text, chunk)]) {
            expect(out.replaceAll(shown, '\0')).not.toContain(secret);
            expect(out.replaceAll(shown, '\0')).not.toContain(hidden);
          }
        },
      ),
      { numRuns: runs(10_000) },
    );
  });

  // A pattern that tries every place against the rest of the text would take hours for these, and meet the timeout.
  it.each(pieces)('goes through 300,000 letters of %j', { timeout: 60_000 }, (piece) => {
    const masker = maskerOf(secret, ...manySecrets(200));
    const text = piece.repeat(Math.ceil(300_000 / piece.length));

    const out = masker.mask(`${text} ${secret}`);
    const streamed = throughStream(masker, `${text}\n${secret}`, 4_096);

    expect(out).not.toContain(secret);
    expect(streamed).not.toContain(secret);
  });

  it('finds each of a thousand secrets that begin alike', { timeout: 60_000 }, () => {
    const alike = Array.from({ length: 1_000 }, (_, n) => `eyJhbGciOiJIUzI1NiJ9+${hashOf(n)}`);
    const masker = maskerOf(...alike);
    const text = `${'eyJhbGciOiJIUzI1NiJ9+ '.repeat(10_000)}${alike.join(' ')}`;

    expect(masker.mask(text)).not.toMatch(/[0-9a-f]{20}/);
    expect(throughStream(masker, text, 1_000)).not.toMatch(/[0-9a-f]{20}/);
  });
});

describe('words whose secret may come later', () => {
  const token = 'q9Zr7Lk2Xv5Tn8Wb4Mj1';
  it.each([
    [`Authorization: Bearer ${token}`, `Authorization: Bearer ${shown}`],
    [`authorization: bearer ${token} end`, `authorization: bearer ${shown} end`],
    [`aws_secret_access_key = ${token}${token}`, `aws_secret_access_key = ${shown}`],
    [`"SecretAccessKey": "${token}${token}"`, `"SecretAccessKey": "${shown}"`],
    [`token hvs.${token}abc`, `token ${shown}`],
    [`iam t1.${token}.${token}`, `iam ${shown}`],
  ])('%s', (text, masked) => {
    const masker = createMasker();

    expect(masker.mask(text)).toBe(masked);
    for (let chunk = 1; chunk <= text.length; chunk++)
      expect(throughStream(masker, text, chunk)).toBe(masked);
  });

  it('leave ordinary words alone', () => {
    const text = 'the bearer of authentication; t1.micro; basic configuration; hvs. YCM';

    expect(createMasker().mask(text)).toBe(text);
  });
});

function manySecrets(count: number): string[] {
  return Array.from({ length: count }, (_, n) => hashOf(n + 1_000));
}

function hashOf(n: number): string {
  return createHash('sha256').update(String(n)).digest('hex').slice(0, 40);
}
