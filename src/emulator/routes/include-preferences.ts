import type { RecipientReference } from "../../domain/recipient/recipient.js";
import type { Paged } from "../../ports/page.js";
import type { JsonObject } from "../../util/json.js";
import type { Call } from "../access/route.js";

/** `include[]=preferences`: each entry with its sets by their ids, merged as a GET shows them. */
export async function withPreferences(
  call: Call,
  paged: Paged<JsonObject>,
  referenceOf: (entry: JsonObject) => RecipientReference,
): Promise<Paged<JsonObject>> {
  if (!call.query.listOf("include", ["preferences"])) return paged;
  const items: JsonObject[] = [];
  for (const entry of paged.items)
    items.push({ ...entry, preferences: await preferencesById(call, referenceOf(entry)) });
  return { ...paged, items };
}

export async function preferencesById(call: Call, reference: RecipientReference): Promise<JsonObject> {
  const sets = await call.operations.resources.preferences.list(reference);
  return Object.fromEntries(sets.map((set) => [String(set.id), set]));
}
