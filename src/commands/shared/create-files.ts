import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { findPackageFolder } from "../../util/find-package-folder.js";
import { makeFolder } from "../../util/make-folder.js";

/** A file to create: its path, and its content as text or as a JSON document, to which its schema is added. */
export type NewFile = readonly [path: string, content: unknown];

/** The folder of the project's copies of the JSON Schemas, next to `knock.json` (decision 32). */
const SCHEMAS_FOLDER = ".knock-schemas";
/** The comment in which editors look for the schema of a YAML file. */
const YAML_SCHEMA_COMMENT = "# yaml-language-server: $schema=";

/** Returns the name of the schema of a document or a scenario file, or undefined for other files. */
function findSchemaName([file, content]: NewFile, names: readonly string[]): string | undefined {
  const name = basename(file);
  if (name.endsWith(".test.yaml")) return "scenario.schema.json";
  if (typeof content === "string") return undefined;
  if (basename(dirname(file)) === "recipients") return "recipients.schema.json";
  return names.find((schema) => schema === name.replace(/\.json$/, ".schema.json"));
}

/** Adds `$schema` to each JSON document. Returns these files, followed by all schemas that the project does not contain yet. */
function addSchemas(root: string, files: readonly NewFile[]): NewFile[] {
  const published = join(findPackageFolder(), "schemas");
  const names = readdirSync(published).filter((name) => name.endsWith(".schema.json"));
  const documents = files.map(([file, content]): NewFile => {
    const name = findSchemaName([file, content], names);
    if (name === undefined) return [file, content];
    const $schema = relative(dirname(file), join(root, SCHEMAS_FOLDER, name)).replaceAll("\\", "/");
    if (typeof content === "string") return [file, `${YAML_SCHEMA_COMMENT}${$schema}\n${content}`];
    return [file, { $schema: $schema.startsWith("../") ? $schema : `./${$schema}`, ...(content as object) }];
  });
  const schemas = names
    .filter((name) => !existsSync(join(root, SCHEMAS_FOLDER, name)))
    .map((name): NewFile => [join(root, SCHEMAS_FOLDER, name), readFileSync(join(published, name), "utf8")]);
  return [...documents, ...schemas];
}

/**
 * Creates files of the project in `root`, with the JSON Schemas that they name. Returns all paths. Existing files are never
 * changed. Throws `project_invalid` if a file exists or cannot be written.
 */
export async function createFiles(root: string, files: readonly NewFile[]): Promise<string[]> {
  const created: string[] = [];
  try {
    for (const [file, content] of addSchemas(root, files)) {
      makeFolder(dirname(file));
      const text = typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`;
      await writeFile(file, text, { flag: "wx" });
      created.push(file);
    }
  } catch (error) {
    throw toWriteError(error);
  }
  return created;
}

/** Writes another text into an existing file. Throws `project_invalid` if it cannot be written. */
export async function replaceFile(file: string, content: string): Promise<void> {
  await writeFile(file, content).catch((error: unknown) => {
    throw toWriteError(error);
  });
}

const toWriteError = (error: unknown): KnockError =>
  new KnockError("project_invalid", `the project could not be written: ${getErrorMessage(error)}`, { cause: error });

/** Prints the paths of created files. `suffix` follows each path. */
export function printCreatedFiles(files: readonly string[], output: Output, suffix = ""): void {
  const isSchema = (file: string): boolean => basename(dirname(file)) === SCHEMAS_FOLDER;
  const schemas = files.filter(isSchema);
  const lines = files.filter((file) => !isSchema(file));
  if (schemas.length > 0) lines.push(`${dirname(schemas[0] ?? "")}/ (${schemas.length} JSON Schemas for editors)`);
  for (const line of lines) output.line(`${output.colors.green("✓")} ${line}${suffix}`);
}
