import { KnockError } from "../../errors/knock-error.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import type { TranslationFile } from "./translation.js";
import { translationSchema } from "./translation-schema.js";

const LOCALE = /^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$/;
/** Matches a namespace. Tenants are not checked, because users choose their IDs. */
const NAMESPACE = /^[A-Za-z0-9_-]+$/;

/** Returns the error about an invalid file name. It has no location in the content. */
function createInvalidNameError(file: string, message: string, hint?: string): KnockError {
  return new KnockError("project_invalid", `${file}: ${message}`, { hint });
}

/**
 * Parses a file of `translations/<folder>/`, named `[<tenant>~][<namespace>.]<locale>.<extension>`. Its locale must be
 * the name of the folder. Throws `project_invalid` with the file and the location in it (F-035, F-038).
 */
export function parseTranslationFile(name: string, folder: string, content: unknown, file: string): TranslationFile {
  const hint = `Files here are ${folder}.json, <namespace>.${folder}.json or <tenant>~${folder}.json.`;
  if (!LOCALE.test(folder))
    throw createInvalidNameError(file, `the folder's name "${folder}" is not a locale such as "en" or "fr-BE"`);
  const baseName = name.replace(/\.(json|po)$/, "");
  const tilde = baseName.lastIndexOf("~");
  const tenant = tilde < 0 ? null : baseName.slice(0, tilde);
  const reference = baseName.slice(tilde + 1);
  const isForFolder = reference === folder || reference.endsWith(`.${folder}`);
  if (!isForFolder || tenant === "")
    throw createInvalidNameError(file, `the file's name does not match its folder "${folder}"`, hint);
  const namespace = reference === folder ? null : reference.slice(0, -folder.length - 1);
  if (namespace !== null && !NAMESPACE.test(namespace))
    throw createInvalidNameError(
      file,
      `"${namespace}" is not a valid namespace: use letters, digits, hyphens and underscores`,
      hint,
    );
  checkJsonShape(content, file, "project_invalid");
  const findings = new DocumentFindings();
  const texts = checkDocument(translationSchema(), content, findings.add);
  if (texts === null)
    throw findings.toError(file, "project_invalid", () => "Use text in quotes, or an object of texts.");
  return { file, locale: folder, namespace, tenant, content: texts };
}
