import { createReadStream } from "node:fs";
import { join, parse, resolve } from "node:path";
import { checkPayload, type PayloadRules } from "../checks/check-payload.js";
import { listFiles, PAYLOADS_FOLDER } from "../checks/list-project-files.js";
import { toLocatedFindings } from "../checks/project-finding.js";
import { describeFinding } from "../domain/findings/describe-finding.js";
import type { LocatedFinding } from "../domain/validation/located-finding.js";
import { KnockError } from "../errors/knock-error.js";
import { readPayloadLines } from "../input/payload-lines.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import type { Project } from "../project/open-project.js";
import { type ProjectFile, readProjectJson } from "../project/read-project-text.js";
import { isJsonObject, toPointer } from "../util/json.js";

/** Limits the payloads of a file with many that are checked. */
const MAX_CHECKED_LINES = 1_000;

interface PayloadOptions extends Omit<PayloadRules, "fileName"> {
  cwd: string;
}

/** Returns whether invalid content of a file is reported: in a check of the project, or of the workflow that the file is named after. */
const isChecked = ({ isWholeProject, workflows, fileName }: PayloadRules): boolean =>
  isWholeProject || workflows.has(fileName);

async function checkJsonFile(file: ProjectFile, rules: PayloadRules): Promise<LocatedFinding[]> {
  try {
    const found = checkPayload(await readProjectJson(file.path, file.displayPath), rules);
    if (found.length === 0) return [];
    const { locateFindings } = await import("../project/add-file-locations.js");
    return await locateFindings(file, found);
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    return isChecked(rules) ? toLocatedFindings(error, file.displayPath) : [];
  }
}

/** Returns the finding about a line that is no payload. The message of the error starts with the location. */
function toLineFinding(error: unknown, file: string, number: number): LocatedFinding {
  if (!(error instanceof KnockError)) throw error;
  const { line = number, column = 1 } = error.details[0] ?? {};
  const location = [`${file}:${line}:${column}: `, `${file}:${line}: `].find((text) => error.message.startsWith(text));
  const message = error.message.slice(location?.length ?? 0);
  return { code: "project_invalid", message, file, line, column, pointer: "", hint: error.hint };
}

/** Checks a file with one payload per line or row. */
async function checkLines({ displayPath }: ProjectFile, cwd: string, rules: PayloadRules): Promise<LocatedFinding[]> {
  const findings: LocatedFinding[] = [];
  const { groups } = await readPayloadLines(
    { file: displayPath },
    {
      cwd,
      readStdin: async function* () {},
      isPiped: () => false,
      isInterrupted: () => false,
      readFile: (path) => createReadStream(resolve(cwd, path)),
    },
  );
  let count = 0;
  try {
    for await (const group of groups)
      for (const { number, payload, error } of group) {
        if (++count > MAX_CHECKED_LINES) return findings;
        if (error !== null && isChecked(rules)) findings.push(toLineFinding(error, displayPath, number));
        if (error !== null) continue;
        // The time is only for forecasts.
        const { at: _, ...fields } = isJsonObject(payload) ? payload : {};
        for (const { code, path, message } of checkPayload(isJsonObject(payload) ? fields : payload, rules)) {
          const pointer = toPointer(path);
          const described = describeFinding({ pointer, message });
          findings.push({ code, message: described, file: displayPath, line: number, column: 1, pointer });
        }
      }
  } catch (error) {
    if (isChecked(rules)) findings.push(toLineFinding(error, displayPath, 1));
  }
  return findings;
}

/** Returns the findings about the files in `payloads/`. */
export async function checkPayloads({ root }: Project, { cwd, ...options }: PayloadOptions): Promise<LocatedFinding[]> {
  const folder = join(root, PAYLOADS_FOLDER);
  const findings: LocatedFinding[] = [];
  for (const name of listFiles(folder, "")) {
    const path = join(folder, name);
    const file = { path, displayPath: formatDisplayPath(cwd, path) };
    const { name: fileName, ext } = parse(name);
    const rules = { ...options, fileName };
    if (ext === ".json") findings.push(...(await checkJsonFile(file, rules)));
    else if ([".jsonl", ".ndjson", ".csv"].includes(ext)) findings.push(...(await checkLines(file, cwd, rules)));
  }
  return findings;
}
