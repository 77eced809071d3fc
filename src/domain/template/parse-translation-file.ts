import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject, pointerOf } from "../../util/json.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { placeOf } from "../shape/place.js";
import type { TranslationFile } from "./translation.js";

const LOCALE = /^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$/;
/** Tenants' ids are the users' own; of namespaces each is one part of the name. */
const NAMESPACE = /^[A-Za-z0-9_-]+$/;

function invalid(file: string, fault: string, pointer = "", hint?: string): KnockError {
  return new KnockError("project_invalid", `${file}: ${fault}`, { details: [{ pointer, message: fault }], hint });
}

/** Every leaf is text: a number or a list would print as something its author did not write. */
function checkTexts(content: JsonObject, file: string): void {
  const open: { value: JsonObject; path: string[] }[] = [{ value: content, path: [] }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [key, value] of Object.entries(next.value)) {
      const path = [...next.path, key];
      const pointer = pointerOf(path);
      if (isJsonObject(value)) open.push({ value, path });
      else if (typeof value !== "string")
        throw invalid(
          file,
          `${placeOf(pointer)} must be text or an object of texts, not ${JSON.stringify(value)}`,
          pointer,
          "Put numbers in quotes.",
        );
    }
  }
}

/**
 * A file of `translations/<folder>/`: `[<tenant>~][<namespace>.]<locale>.<ending>` (F-035, F-038), whose locale is its
 * folder's name. Throws `project_invalid` that names the file and the place in it.
 */
export function parseTranslationFile(name: string, folder: string, content: unknown, file: string): TranslationFile {
  const hint = `Files here are ${folder}.json, <namespace>.${folder}.json or <tenant>~${folder}.json.`;
  if (!LOCALE.test(folder)) throw invalid(file, `the folder's name "${folder}" is no locale such as "en" or "fr-BE"`);
  const whole = name.replace(/\.(json|po)$/, "");
  const tilde = whole.lastIndexOf("~");
  const tenant = tilde < 0 ? null : whole.slice(0, tilde);
  const reference = whole.slice(tilde + 1);
  const ends = reference === folder || reference.endsWith(`.${folder}`);
  if (!ends || tenant === "") throw invalid(file, `the file's name does not fit its folder "${folder}"`, "", hint);
  const namespace = reference === folder ? null : reference.slice(0, -folder.length - 1);
  if (namespace !== null && !NAMESPACE.test(namespace))
    throw invalid(file, `"${namespace}" is no name of a namespace: letters, digits, hyphens, underscores`, "", hint);
  if (!isJsonObject(content)) throw invalid(file, "must be a JSON object of keys and texts");
  checkJsonShape(content, file, "project_invalid");
  checkTexts(content, file);
  return { file, locale: folder, namespace, tenant, content };
}
