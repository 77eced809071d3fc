import { KnockError } from "../../src/errors/knock-error.js";

/** Returns the `KnockError` that a call throws. Throws if the call returns or throws another error. */
export function catchThrown(call: () => unknown): KnockError {
  try {
    call();
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Returns the `KnockError` with which a promise rejects. Throws if it resolves or rejects with another error. */
export async function catchRejection(promise: Promise<unknown>): Promise<KnockError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Formats each detail as `pointer message`. */
export function formatDetails(error: KnockError): string[] {
  return error.details.map(({ pointer, message }) => `${pointer} ${message}`);
}

/** Returns whether a pointer's parent exists in the document. Every finding refers to a value or to a value missing from its parent. */
export function hasParent(document: unknown, pointer: string): boolean {
  if (pointer === "") return true;
  const parts = pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  let value = document;
  for (const part of parts.slice(0, -1)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return false;
    value = (value as Record<string, unknown>)[part];
  }
  return typeof value === "object" && value !== null;
}
