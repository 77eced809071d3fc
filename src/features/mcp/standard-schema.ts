import type { JsonObject } from "../../util/json.js";

type Validate = (value: unknown) => { value: unknown } | { issues: { message: string; path: string[] }[] };

/** Returns a JSON Schema in the form that the library accepts. By default, every value is valid, because it is checked elsewhere. */
export function toStandardSchema(build: () => JsonObject, validate: Validate = (value) => ({ value })) {
  const jsonSchema = { input: build, output: build };
  return { "~standard": { version: 1 as const, vendor: "knock", validate, jsonSchema } };
}
