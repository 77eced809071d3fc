import { collectBrandingWarnings, collectRecipientWarnings } from "../domain/recipient/collect-recipient-warnings.js";
import type { Finding } from "../domain/schema/finding.js";
import type { FindingCode } from "../domain/validation/finding-codes.js";
import type { LocatedFinding } from "../domain/validation/located-finding.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { parseJson } from "../util/parse-json.js";
import { describeInvalidTimeZone } from "../util/time-zones.js";
import { type DocumentFolder, findUnknownDocumentKeys } from "./find-unknown-document-keys.js";
import { type ProjectFile, readProjectText } from "./read-project-text.js";

/** Returns the likely mistakes in the content of a recipients file. */
export function findRecipientWarnings(raw: Json): Finding[] {
  if (!isJsonObject(raw)) return [];
  return ["users", "objects", "tenants"].flatMap((list) =>
    (Array.isArray(raw[list]) ? raw[list] : []).flatMap((recipient, index) =>
      isJsonObject(recipient)
        ? collectRecipientWarnings(recipient, list === "tenants").map(({ path, message }) => ({
            path: [list, index, ...path],
            message,
          }))
        : [],
    ),
  );
}

interface WarningSearch {
  code: FindingCode;
  find(raw: JsonObject): Finding[];
}

/** Returns the warnings of one file. Text that is invalid JSON is reported elsewhere. */
async function readWarnings(file: ProjectFile, { code, find }: WarningSearch): Promise<LocatedFinding[]> {
  const text = readProjectText(file.path, file.displayPath);
  const parsed = await parseJson(text);
  if ("error" in parsed || !isJsonObject(parsed.value)) return [];
  const findings = find(parsed.value);
  if (findings.length === 0) return [];
  const { locateFindings } = await import("./add-file-locations.js");
  return locateFindings(
    file,
    findings.map((finding) => ({ ...finding, code })),
  );
}

/** The files that every local run reads. */
interface RunFiles {
  environments: readonly ProjectFile[];
  recipients: readonly ProjectFile[];
}

function findEnvironmentWarnings(raw: JsonObject): Finding[] {
  const message = describeInvalidTimeZone(raw.timezone);
  const branding = collectBrandingWarnings(raw.branding, ["branding"]);
  return message === null ? branding : [{ path: ["timezone"], message }, ...branding];
}

/** Reads the files of a run and returns each likely mistake with its location. */
export async function readRunWarnings(files: RunFiles): Promise<LocatedFinding[]> {
  const searches = [
    { kind: "environments", find: findEnvironmentWarnings },
    { kind: "recipients", find: findRecipientWarnings },
  ] as const;
  const warnings: LocatedFinding[] = [];
  for (const { kind, find } of searches)
    for (const file of files[kind]) warnings.push(...(await readWarnings(file, { code: "suspicious_value", find })));
  return warnings;
}

/** Reads documents of a folder and returns each unknown key with its location. */
export async function readDocumentWarnings(
  folder: DocumentFolder,
  files: readonly ProjectFile[],
): Promise<LocatedFinding[]> {
  const search: WarningSearch = {
    code: "unknown_key",
    find: (raw: JsonObject) => findUnknownDocumentKeys(folder, raw),
  };
  const warnings: LocatedFinding[] = [];
  for (const file of files) warnings.push(...(await readWarnings(file, search)));
  return warnings;
}
