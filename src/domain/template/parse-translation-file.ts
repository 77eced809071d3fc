import { KnockError } from "../../errors/knock-error.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFaults } from "../schema/document-faults.js";
import { checkJsonShape } from "../shape/json-limits.js";
import type { TranslationFile } from "./translation.js";
import { translationSchema } from "./translation-schema.js";

const LOCALE = /^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$/;
/** Tenants' ids are the users' own; of namespaces each is one part of the name. */
const NAMESPACE = /^[A-Za-z0-9_-]+$/;

/** A fault of the file's name, which has no place in its content. */
function invalidName(file: string, fault: string, hint?: string): KnockError {
  return new KnockError("project_invalid", `${file}: ${fault}`, { hint });
}

/**
 * A file of `translations/<folder>/`: `[<tenant>~][<namespace>.]<locale>.<ending>` (F-035, F-038), whose locale is its
 * folder's name. Throws `project_invalid` that names the file and the place in it.
 */
export function parseTranslationFile(name: string, folder: string, content: unknown, file: string): TranslationFile {
  const hint = `Files here are ${folder}.json, <namespace>.${folder}.json or <tenant>~${folder}.json.`;
  if (!LOCALE.test(folder))
    throw invalidName(file, `the folder's name "${folder}" is no locale such as "en" or "fr-BE"`);
  const whole = name.replace(/\.(json|po)$/, "");
  const tilde = whole.lastIndexOf("~");
  const tenant = tilde < 0 ? null : whole.slice(0, tilde);
  const reference = whole.slice(tilde + 1);
  const ends = reference === folder || reference.endsWith(`.${folder}`);
  if (!ends || tenant === "") throw invalidName(file, `the file's name does not fit its folder "${folder}"`, hint);
  const namespace = reference === folder ? null : reference.slice(0, -folder.length - 1);
  if (namespace !== null && !NAMESPACE.test(namespace))
    throw invalidName(file, `"${namespace}" is no name of a namespace: letters, digits, hyphens, underscores`, hint);
  checkJsonShape(content, file, "project_invalid");
  const faults = new DocumentFaults();
  const texts = checkDocument(translationSchema(), content, faults.add);
  if (texts === null) throw faults.toError(file, "project_invalid", () => "Use text in quotes, or an object of texts.");
  return { file, locale: folder, namespace, tenant, content: texts };
}
