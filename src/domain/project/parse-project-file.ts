import { didYouMean } from "../../util/find-nearest.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { CHECK_ALL } from "../schema/valid-documents.js";
import { checkJsonShape } from "../shape/check-json-shape.js";
import { type ProjectFile, projectFileSchema, projectSettingsSchema } from "./project-file-schema.js";

function buildHint(pointer: string): string | undefined {
  const [, section, key] = pointer.split("/");
  if (section === "knockDir" || section === undefined) return 'For example: { "knockDir": "./knock" }';
  if (section !== "settings") return didYouMean(section, Object.keys(projectFileSchema().shape), "Keys");
  const settings = Object.keys(projectSettingsSchema().shape);
  return key === undefined || settings.includes(key) ? undefined : didYouMean(key, settings, "Settings");
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
