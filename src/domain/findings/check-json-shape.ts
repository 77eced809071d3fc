import type { ErrorCode } from "../../errors/error-codes.js";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { toPointer } from "../../util/json.js";

/** Limits the nesting of JSON from outside. No payload needs more, and recursion over it would exhaust the stack. */
export const MAX_JSON_DEPTH = 200;

/** Limits a whole payload, including attachments (E-028). */
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;

/**
 * Returns why {@link checkJsonShape} rejects JSON that a run received or rendered, or null. Such JSON fails the step.
 */
export function describeInvalidJsonShape(value: unknown, documentName: string): string | null {
  try {
    checkJsonShape(value, documentName);
    return null;
  } catch (error) {
    if (error instanceof KnockError) return error.message;
    throw error;
  }
}

const isOverflow = (value: unknown): boolean => typeof value === "number" && !Number.isFinite(value);

function createOverflowError(path: PropertyKey[], documentName: string, code: ErrorCode): KnockError {
  const pointer = toPointer(path);
  return new KnockError(code, `${documentName} has a number that is too large, at ${pointer}`, {
    details: [{ pointer, message: "is too large for a number" }],
    hint: "The largest number is about 1.8e308. Use a text instead.",
  });
}

/**
 * Rejects JSON that is nested deeper than {@link MAX_JSON_DEPTH} (including a cycle), that has the key `__proto__`, or that has a
 * number such as `1e400`, which would be stored as null. Throws `code` with a pointer. It is iterative, so that no nesting exhausts the stack.
 */
export function checkJsonShape(root: unknown, documentName: string, code: ErrorCode = "invalid_params"): void {
  const pending: { value: object; path: PropertyKey[] }[] =
    typeof root === "object" && root !== null ? [{ value: root, path: [] }] : [];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path } = next;
    if (path.length >= MAX_JSON_DEPTH) {
      const detail: ErrorDetail = {
        pointer: `${toPointer(path.slice(0, 3))}/…`,
        message: `is nested more than ${MAX_JSON_DEPTH} levels deep`,
      };
      throw new KnockError(code, `${documentName} is nested too deep, at ${detail.pointer}`, {
        details: [detail],
        hint: `The limit is ${MAX_JSON_DEPTH} levels.`,
      });
    }
    // Object.keys of a list would create a string for each item, a million for a million items.
    if (Array.isArray(value)) {
      for (const [index, child] of value.entries())
        if (typeof child === "object" && child !== null) pending.push({ value: child, path: [...path, index] });
        else if (isOverflow(child)) throw createOverflowError([...path, index], documentName, code);
      continue;
    }
    for (const key of Object.keys(value)) {
      if (key === "__proto__") {
        const pointer = toPointer([...path, key]);
        throw new KnockError(code, `${documentName} has a key that is not allowed: "__proto__", at ${pointer}`, {
          details: [{ pointer, message: "is not allowed as a key" }],
          hint: "Rename the key.",
        });
      }
      const child = (value as Record<string, unknown>)[key];
      if (typeof child === "object" && child !== null) pending.push({ value: child, path: [...path, key] });
      else if (isOverflow(child)) throw createOverflowError([...path, key], documentName, code);
    }
  }
}
