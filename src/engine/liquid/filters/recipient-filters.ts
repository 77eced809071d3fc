import { type RecipientKey, TENANTS, toRecipientKey } from "../../../domain/recipient/recipient.js";
import type { JsonObject } from "../../../util/json.js";
import { type FilterThis, findContextServices, type RegisterFilter } from "./render-services.js";

/** Returns the key of a recipient with an id. Null for a value that cannot be an id. */
function parseRecipientKey(value: unknown, collection?: string): RecipientKey | null {
  const id = typeof value === "number" ? String(value) : value;
  if (typeof id !== "string" || id === "" || id.includes("/")) return null;
  return toRecipientKey(collection === undefined ? id : { id, collection });
}

/** Registers `user`, `object`, `tenant` and `subscriptions`, which read the store during rendering (T-070 to T-074). */
export function registerRecipientFilters(register: RegisterFilter): void {
  const readRecipient = ({ context }: FilterThis, recipientKey: RecipientKey | null): JsonObject | null =>
    recipientKey === null ? null : (findContextServices(context)?.findRecipient(recipientKey) ?? null);
  register("user", function (this: FilterThis, id: unknown) {
    return readRecipient(this, parseRecipientKey(id));
  });
  register("tenant", function (this: FilterThis, id: unknown) {
    return readRecipient(this, parseRecipientKey(id, TENANTS));
  });
  register("object", function (this: FilterThis, id: unknown, collection: unknown) {
    if (typeof collection !== "string" || collection === "")
      throw new Error('object: name the collection, as in {{ "p-1" | object: "projects" }}');
    return readRecipient(this, parseRecipientKey(id, collection));
  });
  register("subscriptions", function (this: FilterThis, id: unknown) {
    const found = parseRecipientKey(id);
    return found === null ? [] : (findContextServices(this.context)?.listSubscriptions(found) ?? []);
  });
}
