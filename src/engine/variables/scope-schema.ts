import { isJsonObject, type JsonObject } from "../../util/json.js";

/** The variables of every run, which take precedence over properties of the data (E-074). */
export const SYSTEM_ROOTS: readonly string[] =
  "data recipient actor tenant vars workflow activities actors total_activities total_actors run timestamp".split(" ");

/** The properties that every activity has, besides its data and the properties of its data (E-271). */
export const ACTIVITY_PROPERTIES: readonly string[] = ["id", "inserted_at", "updated_at", "actor", "recipient", "data"];

/** Adds properties to a schema. Its other keywords stay, because some of them allow any property. */
const addProperties = (schema: JsonObject, added: JsonObject): JsonObject => ({
  ...schema,
  properties: { ...(isJsonObject(schema.properties) ? schema.properties : {}), ...added },
});

/**
 * Returns the JSON Schema of the scope of templates, as far as it follows from the workflow's schema of the trigger data:
 * the data, its properties at the top level, and those of each activity. System names take precedence (E-074).
 */
export function buildScopeSchema(dataSchema: JsonObject | null): JsonObject {
  const data = dataSchema ?? {};
  const { properties } = data;
  const activity = addProperties(data, Object.fromEntries(ACTIVITY_PROPERTIES.map((name) => [name, {}])));
  return addProperties(
    { properties: isJsonObject(properties) ? properties : {} },
    {
      data,
      activities: { items: addProperties(activity, { data }) },
    },
  );
}
