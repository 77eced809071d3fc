// Reads the published JSON Schemas of project files.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inlineShared } from "../define-once.mjs";
import { ROOT } from "../load-source.mjs";

const schemas = new Map();

/** Returns a published schema with its shared parts in their places, or null if no schema has this name. */
export function readSchema(name) {
  const file = join(ROOT, `schemas/${name}.schema.json`);
  if (!schemas.has(name))
    schemas.set(name, existsSync(file) ? inlineShared(JSON.parse(readFileSync(file, "utf8"))) : null);
  return schemas.get(name);
}

/** Returns the name of the definition that a schema refers to, or null. */
export function getDefinitionName({ $ref, anyOf }) {
  if ($ref?.startsWith("#/$defs/")) return $ref.slice("#/$defs/".length);
  const members = anyOf?.filter(({ type }) => type !== "null") ?? [];
  return members.length === 1 ? getDefinitionName(members[0]) : null;
}

/** Follows references and unions with null, because null means the same as an absent property. */
export function resolveSchema(schema, root) {
  if (schema.$ref !== undefined) {
    const name = getDefinitionName(schema);
    return resolveSchema(name === null ? root : root.$defs[name], root);
  }
  const members = schema.anyOf?.filter(({ type }) => type !== "null");
  if (members?.length !== 1) return members === undefined ? schema : { ...schema, anyOf: members };
  const { anyOf, ...rest } = schema;
  return { ...resolveSchema(members[0], root), ...rest };
}

/** Returns the members of a union whose member is selected by a field; null for other schemas. */
export function readVariants(node, root) {
  const branches = node.allOf?.filter((branch) => branch.if !== undefined) ?? [];
  if (branches.length === 0) return null;
  const [field] = Object.keys(branches[0].if.properties);
  const members = branches
    .map((branch) => ({ name: branch.if.properties[field].const, schema: resolveSchema(branch.then, root) }))
    .filter(({ name, schema }) => name !== null && schema.not === undefined);
  return { field, members };
}

/** Returns the types of a schema except null. */
export const listTypes = ({ type }) => [type ?? []].flat().filter((name) => name !== "null");

/** Returns the names of required properties, including those that may also name a file (`"html_body@"`). */
export function listRequired({ required = [], allOf = [] }) {
  return new Set([...required, ...allOf.flatMap(({ anyOf }) => anyOf?.[0]?.required ?? [])]);
}
