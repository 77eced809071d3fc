import { KnockError } from "../../errors/knock-error.js";

/** Returns the error for an object that does not exist. */
export function createMissingObjectError(object: { collection: string; id: string }): KnockError {
  const { collection, id } = object;
  return new KnockError("resource_missing", `there is no object "${collection}/${id}"`, {
    details: [{ pointer: "", message: "is not an object", value: { collection, id } }],
    hint: `Create it with \`knock objects set ${collection} ${id}\`, or run \`knock objects list ${collection}\` to see known objects.`,
  });
}
