import { didYouMean } from "../../util/nearest.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { DocumentFaults } from "../schema/document-faults.js";
import { CHECK_ALL } from "../schema/valid-documents.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { type ProjectFile, projectFileSchema, projectSettingsSchema } from "./project-file-schema.js";

function hintFor(pointer: string): string | undefined {
  const [, section, key] = pointer.split("/");
  if (section === "knockDir" || section === undefined) return 'For example: { "knockDir": "./knock" }';
  if (section !== "settings") return didYouMean(section, Object.keys(projectFileSchema().shape), "Keys");
  const settings = Object.keys(projectSettingsSchema().shape);
  return key === undefined || settings.includes(key) ? undefined : didYouMean(key, settings, "Settings");
}

/** Parses a `knock.json`. `shown` names the file in errors. Throws `project_invalid` with a pointer per fault (F-002). */
export function parseProjectFile(raw: unknown, shown: string, valid = CHECK_ALL): ProjectFile {
  checkJsonShape(raw, shown, "project_invalid");
  if (valid.has("knock.json", raw)) return raw as ProjectFile;
  const faults = new DocumentFaults();
  const file = checkClosedDocument(projectFileSchema(), raw, faults.add);
  if (file === null) throw faults.toError(shown, "project_invalid", (first) => hintFor(first?.pointer ?? ""));
  valid.add("knock.json", raw);
  return file;
}
