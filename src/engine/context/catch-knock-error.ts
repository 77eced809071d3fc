import { KnockError } from "../../errors/knock-error.js";

/** What was read, or what is wrong with it: told by the step that needs it, so that other runs go on. */
export async function catchKnockError<T>(promise: Promise<T>): Promise<T | KnockError> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
}
