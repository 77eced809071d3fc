import { checkJsonShape } from "../findings/check-json-shape.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { type ProjectFile, projectFileSchema } from "./project-file-schema.js";

/** Returns an example if the file has no sections. Errors about unknown keys already list the valid ones. */
const buildHint = (pointer: string): string | undefined =>
  /^(?:\/knockDir)?$/.test(pointer) ? 'For example: { "knockDir": "./knock" }' : undefined;

/** Parses a `knock.json`. Throws `project_invalid`, which names the file, with one pointer per finding (F-002). */
export function parseProjectFile(raw: unknown, fileName: string): ProjectFile {
  checkJsonShape(raw, fileName, "project_invalid");
  const findings = new DocumentFindings();
  const file = checkClosedDocument(projectFileSchema(), raw, findings.add);
  if (file === null) throw findings.toError(fileName, "project_invalid", (first) => buildHint(first?.pointer ?? ""));
  return file;
}
