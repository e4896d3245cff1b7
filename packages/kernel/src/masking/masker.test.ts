import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../secret.ts';
import { createMasker, type Masker } from './masker.ts';

const shown = '***MASKED***';
const value = 'p@ss wörd/"1\\2"&three';

function maskerOf(...secrets: string[]): Masker {
  const masker = createMasker();
  for (const secret of secrets) masker.add(secret);
  return masker;
}

function throughStream(masker: Masker, chunks: readonly string[]): string {
  const stream = masker.stream();
  const parts = chunks.map((chunk) => stream.write(chunk));
  return parts.join('') + stream.end();
}

describe('mask', () => {
  it.each([
    ['as it is', value],
    ['as base64', Buffer.from(value).toString('base64')],
    ['as base64url', Buffer.from(value).toString('base64url')],
    ['URL-encoded', encodeURIComponent(value)],
    ['URL-encoded in lower case', encodeURIComponent(value).toLowerCase()],
    ['as a form sends it', new URLSearchParams({ v: value }).toString().slice(2)],
    ['as hex', Buffer.from(value).toString('hex')],
    ['as upper-case hex', Buffer.from(value).toString('hex').toUpperCase()],
    ['JSON-escaped', JSON.stringify(value).slice(1, -1)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(value)).slice(3, -3)],
  ])('hides a known value %s', (_form, text) => {
    expect(maskerOf(value).mask(`before ${text} after`)).not.toContain(text);
  });

  it.each([0, 1, 2, 3])('hides a known value inside longer base64, %i bytes in', (offset) => {
    const header = Buffer.from(`${'x'.repeat(offset)}${value}:tail`).toString('base64');
    const left = maskerOf(value).mask(`Basic ${header}`).replace('Basic ', '').split(shown);

    expect(left).toHaveLength(2);
    expect(left.join('').length).toBeLessThanOrEqual(offset * 2 + 12);
  });

  it('hides the lines of a value of several lines one by one', () => {
    const masked = maskerOf('first-line-value\nsecond-line-value').mask('> second-line-value <');

    expect(masked).toBe(`> ${shown} <`);
  });

  it('hides two values that overlap as one', () => {
    const masked = maskerOf('abcdefgh-12345', '12345-zyxwvuts').mask('x abcdefgh-12345-zyxwvuts x');

    expect(masked).toBe(`x ${shown} x`);
  });

  it.each([
    'glpat-Ab12Cd34Ef56Gh78Ij90',
    'glrt-t3_AbCdEf123456-7890',
    'glcbt-64_AbCdEfGhIjKlMnOpQr',
    'gldt-AbCdEfGhIjKlMnOpQrSt',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'AKIAIOSFODNN7EXAMPLE',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg cut off here',
  ])('hides what is secret by its form: %s', (text) => {
    expect(createMasker().mask(`<${text}`)).toBe(`<${shown}`);
  });

  it.each(['local', 'aws-sm', 'yc-lockbox', 'vault'])('keeps only the scheme of a %s URI', (scheme) => {
    const masked = createMasker().mask(`cannot read "${scheme}://gitlab/host/egg/api-token", try again`);

    expect(masked).toBe(`cannot read "${scheme}://${shown}", try again`);
  });

  it('hides the user and password of a URL', () => {
    const masked = createMasker().mask('fetch https://oauth2:hunter2secret@gitlab.example/x.git');

    expect(masked).toBe(`fetch https://${shown}@gitlab.example/x.git`);
  });

  it('leaves ordinary text as it is', () => {
    const text =
      'global-configuration 2026-01-01T00:00:00Z https://gitlab.example/a/b#L1 sha 9f86d081884c7d65';

    expect(maskerOf(value).mask(text)).toBe(text);
  });

  it('changes nothing in what is masked already', () => {
    const masker = maskerOf(value);
    const once = masker.mask(`a ${value} vault://kv/x#y glpat-Ab12Cd34Ef56Gh78Ij90`);

    expect(masker.mask(once)).toBe(once);
  });

  it('forgets a removed value, but not while another still has it', () => {
    const masker = maskerOf('one-secret-value', 'one-secret-value');

    masker.remove(new Secret('one-secret-value'));
    expect(masker.mask('one-secret-value')).toBe(shown);
    masker.remove('one-secret-value');
    expect(masker.mask('one-secret-value')).toBe('one-secret-value');
  });

  it('refuses a value of fewer than 8 characters', () => {
    expect(() => createMasker().add('short')).toThrow(expect.objectContaining({ code: 'SECRET_TOO_SHORT' }));
  });
});

describe('stream', () => {
  it('gives complete lines at once', () => {
    const stream = maskerOf(value).stream();

    expect(stream.write('line one\nline')).toBe('line one\n');
    expect(stream.write(' two\n')).toBe('line two\n');
  });

  it('finds a private key whose lines come one by one', () => {
    const key = '-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ IBADANBg\nkqhkiG9w\n-----END RSA PRIVATE KEY-----';
    const out = throughStream(createMasker(), [...`see ${key}\nbye\n`]);

    expect(out).toBe(`see ${shown}\nbye\n`);
  });

  it('masks whole what is too long to be judged, and goes on after it', () => {
    const word = 'x'.repeat(40_000);
    const out = throughStream(createMasker(), ['go ', word, word, word, ' on\n']);

    expect(out).toBe(`go ${shown} on\n`);
  });

  it('skips an endless private key up to its end', () => {
    const lines = Array.from({ length: 3_000 }, () => 'MIIEvQIBADANBgkqhkiG9w0BAQ\n');
    const out = throughStream(createMasker(), [
      '-----BEGIN PRIVATE KEY-----\n',
      ...lines,
      '-----END PRIVATE KEY-----\nbye\n',
    ]);

    expect(out).toBe(`${shown}\nbye\n`);
  });
});

const secretText = fc
  .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
  .filter((text) => text.length >= 8 && text.trim().length >= 8 && !shown.includes(text));
const borders = fc.array(fc.nat({ max: 400 }), { maxLength: 12 });

describe('Feature: gitops-runner-orchestration, Property 4c: Secret Masking in Logs', () => {
  it('never shows a value, in any encoding, however the text is cut', () => {
    const encode = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => Buffer.from(text).toString('base64'),
      (text) => Buffer.from(text).toString('hex'),
      (text) => JSON.stringify(text).slice(1, -1),
      encodeURIComponent,
    );
    fc.assert(
      fc.property(fc.tuple(secretText, encode, fc.string(), fc.string()), borders, (parts, cuts) => {
        const [secret, form, before, after] = parts;
        const encoded = form(secret.toWellFormed());
        const text = `${before}${encoded}${after}`;
        const masker = maskerOf(secret.toWellFormed());
        const out = throughStream(masker, cutAt(text, cuts));

        expect(out).toContain(shown);
        expect(out === masker.mask(text)).toBe(true);
        expect(out.replaceAll(shown, '\0')).not.toContain(encoded);
      }),
      { numRuns: runs(500) },
    );
  });

  it('never shows a secret URI or a token, however the text is cut', () => {
    const token = fc.constantFrom(
      'aws-sm://gitlab/my-egg/api-token',
      'vault://kv/data/egg#runner-token',
      'glpat-Ab12Cd34Ef56Gh78Ij90',
      '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBk\n-----END EC PRIVATE KEY-----',
    );
    fc.assert(
      fc.property(fc.tuple(token, fc.lorem(), fc.lorem()), borders, ([secret, before, after], cuts) => {
        const text = `${before} ${secret} ${after}`;
        const out = throughStream(createMasker(), cutAt(text, cuts));

        expect(out).toContain(shown);
        expect(out).toBe(createMasker().mask(text));
        expect(out).not.toContain(secret.split('://').at(-1));
      }),
      { numRuns: runs(500) },
    );
  });
});

function cutAt(text: string, places: readonly number[]): string[] {
  const sorted = [...new Set(places.map((place) => place % (text.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...sorted].map((start, place) => text.slice(start, sorted[place]));
}
