import { KnockError } from "../../src/errors/knock-error.js";

/** The KnockError a call throws; anything else that it throws, and a return, fails the test. */
export function catchThrown(call: () => unknown): KnockError {
  try {
    call();
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The KnockError a promise is rejected with. */
export async function catchRejection(promise: Promise<unknown>): Promise<KnockError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** `pointer message` of every detail. */
export function formatDetails(error: KnockError): string[] {
  return error.details.map(({ pointer, message }) => `${pointer} ${message}`);
}

/** Whether a pointer's parent exists in the document: every fault is at something, or at what is missing from something. */
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
