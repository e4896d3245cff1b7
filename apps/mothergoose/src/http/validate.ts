import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { httpErrors } from './http-errors.ts';

const maxProblems = 20;
const maxMessage = 200;

/**
 * zod as Fastify's validator: texts of a path or query become the numbers and booleans the schema asks for;
 * a body is taken as it is.
 */
export const compileValidator: FastifySchemaCompiler<z.ZodObject> = ({ schema, httpPart }) => {
  const part = httpPart ?? 'body';
  const where = part === 'querystring' ? 'query' : part;
  return (data: unknown) => {
    const parsed = schema.safeParse(part === 'body' ? data : coerce(schema, data));
    if (parsed.success) return { value: parsed.data };
    const errors = parsed.error.issues.slice(0, maxProblems).map(({ path, code, message }) => ({
      path: [where, ...path].join('.').slice(0, maxMessage),
      code: code ?? 'invalid',
      message: message.slice(0, maxMessage),
    }));
    return { error: httpErrors.badRequest({ what: where, errors }) };
  };
};

function coerce(schema: z.ZodObject, data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, coerceText(schema.shape[name], value)]),
  );
}

function coerceText(field: z.core.$ZodType | undefined, value: unknown): unknown {
  const inner = field instanceof z.ZodOptional ? field.unwrap() : field;
  if (typeof value !== 'string') return value;
  if (inner instanceof z.ZodNumber && /^-?\d{1,15}$/.test(value)) return Number(value);
  if (inner instanceof z.ZodBoolean && /^(true|false)$/.test(value)) return value === 'true';
  return value;
}
