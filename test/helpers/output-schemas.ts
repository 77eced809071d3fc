import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { loadOutputDocuments } from "../../src/app/published-schemas.js";
import { isJsonObject, type Json, type JsonObject } from "../../src/util/json.js";

const OUTPUT_DOCUMENTS = await loadOutputDocuments();

const FOLDER = join(import.meta.dirname, "../../schemas/output");
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** The keywords whose values are schemas of a value or of a part of it. `if` and `then` only add rules to these. */
const LISTS = ["anyOf", "oneOf", "prefixItems"];
const MAPS = ["properties", "$defs"];

/**
 * Returns a published schema that also rejects undeclared fields. Published schemas allow them, because consumers must
 * tolerate new fields, but the program may print only declared ones.
 */
export function closeSchema(schema: Json): Json {
  if (!isJsonObject(schema)) return schema;
  const closed: JsonObject = { ...schema };
  for (const name of ["items", "additionalProperties"])
    if (closed[name] !== undefined) closed[name] = closeSchema(closed[name]);
  for (const name of LISTS) if (Array.isArray(closed[name])) closed[name] = (closed[name] as Json[]).map(closeSchema);
  for (const name of MAPS) {
    const schemas = closed[name];
    if (isJsonObject(schemas))
      closed[name] = Object.fromEntries(Object.entries(schemas).map(([key, one]) => [key, closeSchema(one)]));
  }
  if (closed.properties !== undefined && closed.additionalProperties === undefined) closed.additionalProperties = false;
  return closed;
}

/** One instance for all schemas: each instance compiles the schema of schemas again, which takes longer than the schemas do. */
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  code: { optimize: false },
});
ajv.addFormat("date-time", DATE_TIME);
const validators = new Map<string, ValidateFunction>();

function getValidator(name: string): ValidateFunction {
  const known = validators.get(name);
  if (known !== undefined) return known;
  const schema = closeSchema(JSON.parse(readFileSync(join(FOLDER, `${name}.schema.json`), "utf8")) as Json);
  const validator = ajv.compile(schema as JsonObject);
  validators.set(name, validator);
  return validator;
}

/** Returns what is wrong with a document according to the schema `schemas/output/<name>.schema.json`, closed. */
export function listDocumentViolations(name: string, document: unknown): string[] {
  const validate = getValidator(name);
  if (validate(document)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${name} ${instancePath || "/"}: ${message} ${JSON.stringify(params)}`,
  );
}

type Place = "standard output" | "standard error";

/** Returns the name of the document that a command printed, or its violations if it has no such document. */
function findDocument(command: string, place: Place, document: unknown): { name: string } | { violations: string[] } {
  const names = OUTPUT_DOCUMENTS.filter(
    (one) => (one.command === command || one.command === null) && (one.place ?? "standard output") === place,
  ).map(({ name }) => name);
  const found = names.map((name) => ({ name, violations: listDocumentViolations(name, document) }));
  const match = found.find(({ violations }) => violations.length === 0);
  if (match !== undefined) return { name: match.name };
  const [closest] = found.sort((a, b) => a.violations.length - b.violations.length);
  return { violations: closest?.violations ?? [`knock ${command} declares no document on ${place}`] };
}

/** Returns the documents of standard output: one indented document, or one per line. */
function parseDocuments(text: string): unknown[] {
  if (text === "") return [];
  try {
    return [JSON.parse(text)];
  } catch {
    return text.split("\n").map((line) => JSON.parse(line) as unknown);
  }
}

/** Returns the documents of standard error, which also contains notes and warnings. */
function parseErrorDocuments(text: string): unknown[] {
  return text.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as unknown] : []));
}

const COMMANDS = new Set(OUTPUT_DOCUMENTS.map(({ command }) => command));
const ALIASES: Record<string, string> = { trigger: "notify", run: "runs", message: "messages" };

/** Returns the command in arguments; a group alone stands for its default subcommand. */
function findCommand(args: readonly string[]): string {
  const [first = "", second = "", third = ""] = args.filter((word) => !word.startsWith("-"));
  const name = ALIASES[first] ?? first;
  const names = [`${name} ${second} ${third}`, `${name} ${second}`, name, `${name} list`, `${name} show`];
  return names.find((one) => COMMANDS.has(one)) ?? name;
}

/**
 * Returns the names of the documents that a command with `--json` printed. Throws if it printed a document that its
 * published schemas do not describe completely.
 */
export function checkPrintedDocuments(
  args: readonly string[],
  { stdout, stderr }: { stdout: string; stderr: string },
): string[] {
  const command = findCommand(args);
  // Help of a command is text, and --raw prints an email as it is sent.
  const isText =
    ["--help", "-h"].some((word) => args.includes(word)) ||
    args.indexOf("help") > 0 ||
    (args.includes("--raw") && stdout[0] !== "{");
  const printed: [Place, unknown][] = [
    ...(isText ? [] : parseDocuments(stdout)).map((one): [Place, unknown] => ["standard output", one]),
    ...parseErrorDocuments(stderr).map((one): [Place, unknown] => ["standard error", one]),
  ];
  return printed.map(([place, document]) => {
    const found = findDocument(command, place, document);
    if ("name" in found) return found.name;
    throw new Error(`knock ${args.join(" ")} printed an undeclared document:\n${found.violations.join("\n")}`);
  });
}
