/** The length of a subschema, as JSON, from which it is defined once. A shorter one is easier to read where it is used. */
const MIN_LENGTH = 600;

const SHARED_PREFIX = "shared_";

/** Calls `visit` for each object of a schema below a key, with the nearest name of a property. */
function walk(node, name, visit) {
  if (Array.isArray(node)) for (const item of node) walk(item, name, visit);
  if (node === null || typeof node !== "object" || Array.isArray(node)) return;
  visit(node, name);
  for (const [key, value] of Object.entries(node)) {
    if (key === "examples" || key === "enum" || key === "const" || key === "$defs") continue;
    const holdsProperties = key === "properties" && !Array.isArray(value);
    if (holdsProperties) for (const [property, child] of Object.entries(value)) walk(child, property, visit);
    else walk(value, name, visit);
  }
}

/** Returns the longest object that occurs several times in a schema, with its first name, or undefined. Descriptions may differ. */
function findRepeated(json) {
  const found = new Map();
  const count = (node, name) => {
    if (node.type !== "object" || node.properties === undefined) return;
    const { description: _, ...content } = node;
    const text = JSON.stringify(content);
    if (text.length < MIN_LENGTH) return;
    const known = found.get(text);
    if (known === undefined) found.set(text, { text, name, nodes: [node] });
    else known.nodes.push(node);
  };
  for (const [name, definition] of Object.entries(json.$defs ?? {}))
    for (const part of Object.values(definition)) walk(part, name, count);
  const { $defs: _, ...rest } = json;
  for (const part of Object.values(rest)) walk(part, "document", count);
  return [...found.values()].filter(({ nodes }) => nodes.length > 1).sort((a, b) => b.text.length - a.text.length)[0];
}

/** Returns the schema with the objects in the places from which `defineOnce` has moved them. */
export function inlineShared(json) {
  const inline = (node) => {
    if (Array.isArray(node)) return node.map(inline);
    if (node === null || typeof node !== "object") return node;
    const shared = typeof node.$ref === "string" ? node.$ref.split(`#/$defs/${SHARED_PREFIX}`)[1] : undefined;
    if (shared !== undefined) {
      const { $ref: _, ...own } = node;
      return { ...own, ...inline(json.$defs[SHARED_PREFIX + shared]) };
    }
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, inline(value)]));
  };
  const inlined = inline(json);
  for (const id of Object.keys(inlined.$defs ?? {})) if (id.startsWith(SHARED_PREFIX)) delete inlined.$defs[id];
  return inlined;
}

/** Moves objects that a schema contains several times to its definitions, and refers to them. Changes the schema. */
export function defineOnce(json) {
  for (let repeated = findRepeated(json); repeated !== undefined; repeated = findRepeated(json)) {
    const { text, name, nodes } = repeated;
    json.$defs ??= {};
    let id = SHARED_PREFIX + name;
    for (let number = 2; Object.hasOwn(json.$defs, id); number++) id = `${SHARED_PREFIX}${name}_${number}`;
    for (const node of nodes) {
      for (const key of Object.keys(node)) if (key !== "description") delete node[key];
      node.$ref = `#/$defs/${id}`;
    }
    json.$defs[id] = JSON.parse(text);
  }
}
