import type { RecipientReference } from "../../../../domain/recipient/recipient.js";
import type { Paged } from "../../../../ports/page-request.js";
import type { JsonObject } from "../../../../util/json.js";
import type { RouteContext } from "../access/route.js";

/**
 * Adds the preference sets by ID to each entry if `include[]=preferences` is given. The sets are merged as GET returns
 * them.
 */
export async function includePreferences(
  context: RouteContext,
  paged: Paged<JsonObject>,
  getReference: (entry: JsonObject) => RecipientReference,
): Promise<Paged<JsonObject>> {
  if (!context.query.choices("include", ["preferences"])) return paged;
  const items: JsonObject[] = [];
  for (const entry of paged.items)
    items.push({ ...entry, preferences: await readPreferencesById(context, getReference(entry)) });
  return { ...paged, items };
}

export async function readPreferencesById(context: RouteContext, reference: RecipientReference): Promise<JsonObject> {
  const sets = await context.operations.resources.preferences.list(reference);
  return Object.fromEntries(sets.map((set) => [String(set.id), set]));
}
