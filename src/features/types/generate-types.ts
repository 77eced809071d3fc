import { readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { KnockError } from "../../errors/knock-error.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { makeFolder } from "../../util/make-folder.js";
import { getErrorCode } from "../../util/text-file.js";
import { generateTypeScript } from "./generate-typescript.js";
import type { GeneratedTypes, WorkflowDataSchema } from "./generated-types.js";
import type { TypeLanguage, TypesReport } from "./types-report.js";

/** The language and the file of generated types. */
interface TypesOptions {
  language: TypeLanguage;
  /** The path as typed; null prints the types. */
  file: string | null;
  /** Whether the file is compared only. */
  check: boolean;
}

async function readSchemas(project: Project): Promise<WorkflowDataSchema[]> {
  const keys = [...(await project.workflowKeys())].sort();
  const schemas: WorkflowDataSchema[] = [];
  for (const key of keys)
    schemas.push({ key, schema: (await project.workflow(key))?.trigger_data_json_schema ?? null });
  return schemas;
}

async function generate(project: Project, { language, file }: TypesOptions): Promise<GeneratedTypes> {
  const schemas = await readSchemas(project);
  if (language === "typescript") return generateTypeScript(schemas, !file?.endsWith(".d.ts"));
  const { generateWithQuicktype } = await import("./generate-with-quicktype.js");
  return generateWithQuicktype(schemas, language);
}

/** Returns whether a file has the code. Line breaks are ignored, because Git may convert them. */
function hasCode(path: string, code: string): boolean {
  try {
    return readFileSync(path, "utf8").replaceAll("\r\n", "\n") === code;
  } catch (error) {
    if (getErrorCode(error) === "ENOENT") return false;
    throw createFileError("read", path, error);
  }
}

function createFileError(verb: "read" | "written", path: string, error: unknown): KnockError {
  const code = getErrorCode(error) ?? "unknown error";
  return new KnockError("usage", `--output-file: ${path} could not be ${verb} (${code})`, {
    hint: "Give the path of a file in a folder that you can write to.",
    cause: error,
  });
}

/**
 * Generates the types of the workflows' trigger data. Writes them to `options.file`, unless it has them already or
 * `options.check` is set. Throws `usage` if the file cannot be written.
 */
export async function generateTypes(project: Project, options: TypesOptions, cwd: string): Promise<TypesReport> {
  const { language, file, check } = options;
  const { code, types } = await generate(project, options);
  const report = { language, workflows: types };
  if (file === null) return { ...report, file: null, status: "printed", code };
  const path = resolve(cwd, file);
  const result = { ...report, file: formatDisplayPath(cwd, path), code: null };
  if (hasCode(path, code)) return { ...result, status: "unchanged" };
  if (check) return { ...result, status: "stale" };
  try {
    makeFolder(dirname(path));
    writeFileSync(path, code);
  } catch (error) {
    throw createFileError("written", file, error);
  }
  return { ...result, status: "written" };
}
