import { isObject, type JsonObject, objectsIn } from "./json.js";

/** A refusal, with what is wrong by field as the API names it. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly fields: ReadonlyMap<string, string>,
  ) {
    super(message);
  }
}

/** Asks a helper of the emulator. Throws {@link Refusal}, and `TypeError` where nobody answers. */
export async function ask<T>(on: string, body?: JsonObject, signal?: AbortSignal): Promise<T> {
  const [method = "GET", path = ""] = on.split(" ");
  const response = await fetch(`/__knock/${path}`, {
    method,
    ...(signal ? { signal } : {}),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  const told = isObject(answer) ? answer : {};
  const fields = objectsIn(told.errors).map(({ field, message }) => [String(field), String(message)] as const);
  throw new Refusal(
    String(told.message ?? `The emulator answered ${response.status}`),
    response.status,
    new Map(fields),
  );
}

export const NO_ANSWER = "The emulator does not answer. Is knock dev still running?";

export function faultText(fault: unknown): string {
  if (fault instanceof Refusal) return fault.message;
  return NO_ANSWER;
}
