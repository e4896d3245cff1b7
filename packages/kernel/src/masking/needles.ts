/** A shorter text would be found inside innocent words. */
export const leastNeedleLength = 8;

/** Every text in which a value may show up: as it is, line by line, and in the encodings that carry secrets. */
export function needlesOf(value: string): ReadonlySet<string> {
  const pieces = [value, ...value.split(/\r?\n/)].filter((piece) => piece.length >= leastNeedleLength);
  const needles = new Set<string>();
  for (const piece of new Set(pieces)) {
    for (const needle of [piece, ...jsonForms(piece), ...urlForms(piece), ...byteForms(piece)]) {
      if (needle.length >= leastNeedleLength) needles.add(needle);
    }
  }
  return needles;
}

/** Inside a JSON text, and inside a JSON text that is itself a JSON string. */
function jsonForms(text: string): string[] {
  const once = JSON.stringify(text).slice(1, -1);
  return [once, JSON.stringify(once).slice(1, -1)];
}

function urlForms(text: string): string[] {
  const component = encodeURIComponent(text.toWellFormed());
  const strict = component.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const forms = [component, strict, encodeURI(text.toWellFormed()), strict.replaceAll('%20', '+')];
  return forms.flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

function byteForms(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase(), ...[0, 1, 2].flatMap((offset) => base64Forms(bytes, offset))];
}

/** The part of a base64 text that only the value decides when it starts `offset` bytes into a group of three. */
function base64Forms(bytes: Buffer, offset: number): string[] {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replaceAll('=', '');
  const first = Math.ceil((offset * 8) / 6);
  const end = Math.floor(((offset + bytes.length) * 8) / 6);
  const sure = text.slice(first, end);
  const whole = offset === 0 ? [text] : [];
  return [...whole, sure].flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}
