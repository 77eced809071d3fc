import { findNearest } from "../../util/find-nearest.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { CHECK_ALL } from "../schema/valid-documents.js";
import { checkJsonShape } from "../shape/check-json-shape.js";
import { type ProjectFile, projectFileSchema, projectSettingsSchema } from "./project-file-schema.js";

/** Returns the list of valid keys for an unknown one. A similar key is already in the error itself. */
function listKeys(typed: string, known: readonly string[]): string | undefined {
  return findNearest(typed, known) === undefined ? `Valid keys are ${[...known].sort().join(", ")}.` : undefined;
}

function buildHint(pointer: string): string | undefined {
  const [, section, key] = pointer.split("/");
  if (section === "knockDir" || section === undefined) return 'For example: { "knockDir": "./knock" }';
  if (section !== "settings") return listKeys(section, Object.keys(projectFileSchema().shape));
  const settings = Object.keys(projectSettingsSchema().shape);
  return key === undefined || settings.includes(key) ? undefined : listKeys(key, settings);
}

/** Parses a `knock.json`. Throws `project_invalid`, which names the file, with one pointer per finding (F-002). */
export function parseProjectFile(raw: unknown, fileName: string, valid = CHECK_ALL): ProjectFile {
  checkJsonShape(raw, fileName, "project_invalid");
  if (valid.has("knock.json", raw)) return raw as ProjectFile;
  const findings = new DocumentFindings();
  const file = checkClosedDocument(projectFileSchema(), raw, findings.add);
  if (file === null) throw findings.toError(fileName, "project_invalid", (first) => buildHint(first?.pointer ?? ""));
  valid.add("knock.json", raw);
  return file;
}
