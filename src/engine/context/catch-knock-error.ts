import { KnockError } from "../../errors/knock-error.js";

/**
 * Returns the promise's value or its `KnockError`, so that the step that needs the value reports the error and other
 * runs continue.
 */
export async function catchKnockError<T>(promise: Promise<T>): Promise<T | KnockError> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
}
