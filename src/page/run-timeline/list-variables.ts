import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** A variable, or a part of one. */
export interface Variable {
  /** The path with which a template reads it, such as `data.order.items[0].sku`. */
  path: string;
  /** The end of the path, after that of the variable that contains it. */
  name: string;
  depth: number;
  /** The value as JSON, or the number of its parts. */
  text: string;
}

const MAX_TEXT_LENGTH = 120;

/** Returns the end of a Liquid path. A name that is no identifier is in brackets. */
function formatKey(key: string): string {
  if (/^[A-Za-z_][\w-]*$/.test(key)) return `.${key}`;
  return key.includes('"') ? `['${key}']` : `["${key}"]`;
}

function formatValue(value: Json, parts: number): string {
  if (Array.isArray(value) && parts > 0) return parts === 1 ? "1 item" : `${parts} items`;
  if (isJsonObject(value) && parts > 0) return parts === 1 ? "1 key" : `${parts} keys`;
  const text = JSON.stringify(value);
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
}

/** Lists a variable and all its parts, each after the one that contains it. */
export function listVariables(name: string, value: Json): Variable[] {
  const found: Variable[] = [];
  const visit = (own: string, parent: string, part: Json, depth: number): void => {
    const path = parent + own;
    const parts: [string, Json][] = Array.isArray(part)
      ? part.map((item, index) => [`[${index}]`, item])
      : isJsonObject(part)
        ? Object.entries(part).map(([key, item]) => [formatKey(key), item])
        : [];
    found.push({ path, name: own.replace(/^\./, ""), depth, text: formatValue(part, parts.length) });
    for (const [key, item] of parts) visit(key, path, item, depth + 1);
  };
  visit(name, "", value, 0);
  return found;
}

/** Lists the variables whose path or value contains a text, in any case. */
export function searchVariables(variables: JsonObject, text: string): Variable[] {
  const wanted = text.toLowerCase();
  return Object.entries(variables)
    .flatMap(([name, value]) => listVariables(name, value))
    .filter(({ path, text: found }) => `${path} ${found}`.toLowerCase().includes(wanted));
}
