// Collects example values of the properties of project files from the sample projects.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT } from "../load-source.mjs";
import { readSchema, resolveSchema } from "./json-schema.mjs";

const PROJECTS = ["collab", "shop", "ops"];
/** Characters of an example in a table. Longer values are not collected. */
const MAX_LENGTH = 60;

const SCHEMAS_BY_NAME = { "message_type.json": "message-type" };

function findSchemaName(path) {
  if (/(^|[\\/])recipients[\\/]/.test(path)) return "recipients";
  if (/(^|[\\/])(translations|payloads)[\\/]/.test(path)) return null;
  const name = basename(path);
  return SCHEMAS_BY_NAME[name] ?? name.replace(/\.json$/, "");
}

function matchesType({ type }, value) {
  if (type === undefined) return true;
  const found = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  return [type].flat().some((expected) => expected === found || (expected === "integer" && found === "number"));
}

/** Properties whose examples say nothing in another document. */
const OWN_EXAMPLES = new Set(["name", "description"]);

/** Returns the key of a property. The same property has the same description in every document. */
const toKey = (name, { description }) => `${name} ${description}`;

/**
 * Returns a function from a property's name, its schema and the document's schema to an example as JSON, or to null.
 * Explicit examples of the schema take precedence, then those of the same document.
 */
export function collectExamples() {
  const found = new Map();
  const visit = (schema, value, root) => {
    const node = resolveSchema(schema, root);
    for (const member of node.anyOf ?? [])
      if (matchesType(resolveSchema(member, root), value)) visit(member, value, root);
    for (const branch of node.allOf ?? []) {
      if (branch.if === undefined) continue;
      const [[field, { const: name }]] = Object.entries(branch.if.properties);
      if (value?.[field] === name) visit(branch.then, value, root);
    }
    if (Array.isArray(value)) for (const item of value) visit(node.items ?? {}, item, root);
    else if (typeof value === "object" && value !== null)
      for (const [name, content] of Object.entries(value)) {
        const property = node.properties?.[name] ?? node.additionalProperties;
        if (typeof property !== "object") continue;
        visit(property, content, root);
        const text = JSON.stringify(content);
        const keys = [`${root.title} ${toKey(name, property)}`];
        if (!OWN_EXAMPLES.has(name)) keys.push(toKey(name, property));
        // The properties of a template depend on its channel type, so no template is an example of all.
        if (content === null || name === "template" || text.length > MAX_LENGTH) continue;
        for (const key of keys) if (!found.has(key)) found.set(key, text);
      }
  };
  for (const project of PROJECTS) {
    const folder = join(ROOT, "fixtures", project);
    for (const path of readdirSync(folder, { recursive: true }).sort()) {
      const name = path.endsWith(".json") && !path.includes(".knock-local") ? findSchemaName(path) : null;
      const schema = name === null ? null : readSchema(name);
      if (schema !== null) visit(schema, JSON.parse(readFileSync(join(folder, path), "utf8")), schema);
    }
  }
  return (name, schema, root) => {
    if (schema.examples !== undefined) return JSON.stringify(schema.examples[0]);
    const key = toKey(name, schema);
    return found.get(`${root.title} ${key}`) ?? found.get(key) ?? null;
  };
}
