import { isMap, isScalar, parseDocument } from "yaml";
import { isScenarioFile } from "../../scenarios/list-scenario-files.js";
import { parsePointer } from "../../util/json.js";
import { findJsonKey, type KeyToken } from "../../util/json-location.js";

interface KeyLocation {
  /** The position of the key's value, counted from 1. */
  line: number;
  column: number;
  /** The JSON pointer to the value in its document. */
  pointer: string;
}

/** Returns the key at a path of YAML, or null if an alias or a merge leads to it. */
function findYamlKey(text: string, path: readonly (string | number)[]): KeyToken | null {
  const document = parseDocument(text, { prettyErrors: false });
  const owner: unknown = path.length <= 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (document.errors.length > 0 || !isMap(owner)) return null;
  const keys = owner.items.map(({ key }) => key);
  const key = keys.find((candidate) => isScalar(candidate) && candidate.value === path.at(-1));
  if (!isScalar(key) || !key.range) return null;
  const [start, end] = key.range;
  const siblings = keys.filter((other) => other !== key).map((other) => String(isScalar(other) ? other.value : other));
  return { key: String(key.value), start, end, siblings };
}

/**
 * Returns the text of a document with another name for one key. Only the characters of the key change. Returns null if
 * the key is not found, or if its object has the name already.
 */
export async function renameKey(path: string, text: string, at: KeyLocation, name: string): Promise<string | null> {
  const parts = parsePointer(at.pointer);
  const isYaml = isScenarioFile(path);
  const token = isYaml ? findYamlKey(text, parts) : await findJsonKey(text, at);
  if (token === null) return null;
  const { key, start, end, siblings } = token;
  const last = String(parts.at(-1));
  // A key with @ refers to a file with the value of the key.
  const suffix = key === `${last}@` ? "@" : "";
  if (key !== `${last}${suffix}` || siblings.includes(name) || siblings.includes(`${name}@`)) return null;
  const quote = /^["']/.exec(text.slice(start, end))?.[0] ?? "";
  return `${text.slice(0, start)}${quote}${name}${suffix}${quote}${text.slice(end)}`;
}
