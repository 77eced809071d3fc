import { keyOf, type RecipientKey, TENANTS } from "../../../domain/recipient/recipient.js";
import type { JsonObject } from "../../../util/json.js";
import { type FilterThis, type RegisterFilter, servicesOf } from "./render-services.js";

/** An id as the store may hold it; null for what cannot be one. */
function key(value: unknown, collection?: string): RecipientKey | null {
  const id = typeof value === "number" ? String(value) : value;
  if (typeof id !== "string" || id === "" || id.includes("/")) return null;
  return keyOf(collection === undefined ? id : { id, collection });
}

/** `user`, `object`, `tenant`, `subscriptions` (T-070 to T-074): what the store holds when the template is rendered. */
export function registerRecipientFilters(register: RegisterFilter): void {
  const read = ({ context }: FilterThis, found: RecipientKey | null): JsonObject | null =>
    found === null ? null : (servicesOf(context)?.recipient(found) ?? null);
  register("user", function (this: FilterThis, id: unknown) {
    return read(this, key(id));
  });
  register("tenant", function (this: FilterThis, id: unknown) {
    return read(this, key(id, TENANTS));
  });
  register("object", function (this: FilterThis, id: unknown, collection: unknown) {
    if (typeof collection !== "string" || collection === "")
      throw new Error('object: name the collection, as in {{ "p-1" | object: "projects" }}');
    return read(this, key(id, collection));
  });
  register("subscriptions", function (this: FilterThis, id: unknown) {
    const found = key(id);
    return found === null ? [] : (servicesOf(this.context)?.subscriptions(found) ?? []);
  });
}
