/** Keywords whose value is a schema or a list of schemas. `if`, `then` and `else` only restrict properties that are described elsewhere. */
const SCHEMAS = ["items", "additionalProperties", "anyOf", "oneOf", "allOf"];
/** Keywords whose value contains schemas by name. */
const MAPS = ["properties", "patternProperties", "$defs"];

/** Yields a schema and the schemas in it, with their pointers. */
function* walk(schema, pointer) {
  if (schema === null || typeof schema !== "object") return;
  yield [schema, pointer];
  for (const keyword of SCHEMAS)
    for (const [index, child] of [schema[keyword] ?? []].flat().entries())
      yield* walk(child, `${pointer}/${keyword}${Array.isArray(schema[keyword]) ? `/${index}` : ""}`);
  for (const keyword of MAPS)
    for (const [name, child] of Object.entries(schema[keyword] ?? {}))
      yield* walk(child, `${pointer}/${keyword}/${name}`);
}

/** Returns the pointers of the properties of a JSON Schema that neither they nor the definitions that they refer to describe. */
export function findUndescribedProperties(root) {
  const isDescribed = ({ description, $ref }) =>
    Boolean(description) || ($ref !== undefined && isDescribed(root.$defs[$ref.slice("#/$defs/".length)]));
  return [...walk(root, "")].flatMap(([{ properties = {} }, pointer]) =>
    Object.entries(properties).flatMap(([name, property]) =>
      isDescribed(property) ? [] : [`${pointer}/properties/${name}`],
    ),
  );
}
