import { KnockError } from "../errors/knock-error.js";

/** Adds the hint of an error to its message, because test runners print only the message or the stack. */
function showHint(error: unknown): void {
  if (!(error instanceof KnockError) || error.hint === undefined || error.message.endsWith(error.hint)) return;
  const message = `${error.message}\n${error.hint}`;
  error.stack = error.stack?.replace(error.message, () => message);
  error.message = message;
}

/** Runs a function of the testing API. Errors with a hint show it in their message. */
export async function withHints<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    showHint(error);
    throw error;
  }
}

/** Makes the methods of an object show hints in the messages of their errors. Returns the object. */
export function showHintsOfMethods<T extends object>(object: T): T {
  const methods = object as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const prototype = Object.getPrototypeOf(object) as object;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
    if (typeof value === "function" && name !== "constructor")
      methods[name] = (...args) => withHints(async () => value.apply(object, args));
  return object;
}
