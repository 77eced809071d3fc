import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The API description: section 6 of docs/internals/catalog/http-api.md lists the operations, section 9 the schemas. */
const API_DESCRIPTION = readFileSync(join(import.meta.dirname, "../../docs/internals/catalog/http-api.md"), "utf8");

type Check = (value: unknown, at: string, faults: string[]) => void;

interface Field {
  name: string;
  type: string;
  required: boolean;
}

interface Schema {
  /** The text after the name in the heading: `One of: …`, `Map of any key → …`. */
  note: string;
  fields: Field[];
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Channel IDs of the tests' environment. Channels of a project have a UUID, whatever its file contains (parse-environment.ts). */
const HARNESS_CHANNEL = /^c-[\w-]+$/;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const PRIMITIVES: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  "string uri": (value) => typeof value === "string" && URL.canParse(value),
  ts: (value) => typeof value === "string" && DATE_TIME.test(value),
  uuid: (value) => typeof value === "string" && (UUID.test(value) || HARNESS_CHANNEL.test(value)),
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  map: isObject,
};

/** Returns the rows of a Markdown table without its head. */
function parseTableRows(text: string): string[][] {
  const rows = text.split("\n").filter((line) => line.startsWith("| "));
  return rows.map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
}

function readSchemas(): Map<string, Schema> {
  const section = API_DESCRIPTION.slice(API_DESCRIPTION.indexOf("\n## 9. "), API_DESCRIPTION.indexOf("\nSchema notes"));
  const schemas = new Map<string, Schema>();
  for (const part of section.split("\n**A-").slice(1)) {
    const [, name = "", note = ""] = /^\d+ (.+?)\*\*(?: — (.*))?$/m.exec(part) ?? [];
    const fields = parseTableRows(part)
      .filter(([, cell = ""]) => cell.startsWith("`"))
      .map(
        ([, cell = "", type = "", required]): Field => ({
          name: cell.replaceAll("`", ""),
          type,
          required: required === "*",
        }),
      );
    schemas.set(name, { note, fields });
  }
  return schemas;
}

const SCHEMAS = readSchemas();

function describeValue(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function collectViolations(check: Check, value: unknown, at: string): string[] {
  const faults: string[] = [];
  check(value, at, faults);
  return faults;
}

/** Creates a check that one matching type passes. If none matches, it reports the violations of the closest type. */
function createAnyCheck(types: readonly string[], below: readonly Field[]): Check {
  const checks = types.map((type) => createTypeCheck(type, below));
  return (value, at, faults) => {
    const found = checks.map((check) => collectViolations(check, value, at));
    if (!found.some(({ length }) => length === 0)) faults.push(...(found.sort((a, b) => a.length - b.length)[0] ?? []));
  };
}

/** Creates the check of a type. `below` are the rows of the fields of a map, or of the maps in a list. */
function createTypeCheck(type: string, below: readonly Field[]): Check {
  if (type.endsWith("?")) {
    const check = createTypeCheck(type.slice(0, -1), below);
    return (value, at, faults) => (value === null ? undefined : check(value, at, faults));
  }
  const [, item] = /^\[(.*)\]$/.exec(type) ?? [];
  if (item !== undefined) return createListCheck(createTypeCheck(item, below));
  const [, kept] = /^map<(.*)>$/.exec(type) ?? [];
  if (kept !== undefined) return createMapCheck(createTypeCheck(kept, []));
  if (type.includes(" & ")) {
    const checks = type.split(" & ").map((part) => createTypeCheck(part, below));
    return (value, at, faults) => {
      for (const check of checks) check(value, at, faults);
    };
  }
  if (type.includes(" or ")) return createAnyCheck(type.split(" or "), below);
  if (type.startsWith("`")) {
    const values = type.split("/").map((one) => one.replaceAll("`", ""));
    return (value, at, faults) => {
      if (!values.includes(value as string))
        faults.push(`${at}: expected one of ${values.join(", ")}, found ${describeValue(value)}`);
    };
  }
  const primitive = PRIMITIVES[type];
  if (primitive === undefined) return (value, at, faults) => getSchemaCheck(type)(value, at, faults);
  const inside = type === "map" && below.length > 0 ? createFieldsCheck(below) : null;
  return (value, at, faults) => {
    if (!primitive(value)) faults.push(`${at}: expected ${type}, found ${describeValue(value)}`);
    else inside?.(value, at, faults);
  };
}

function createListCheck(check: Check): Check {
  return (value, at, faults) => {
    if (!Array.isArray(value)) faults.push(`${at}: expected a list, found ${describeValue(value)}`);
    else for (const [index, one] of value.entries()) check(one, `${at}[${index}]`, faults);
  };
}

function createMapCheck(check: Check): Check {
  return (value, at, faults) => {
    if (!isObject(value)) faults.push(`${at}: expected a map, found ${describeValue(value)}`);
    else for (const [key, one] of Object.entries(value)) check(one, `${at}.${key}`, faults);
  };
}

/** Creates a check of a map's fields. Keys that the description does not name are allowed, because it may omit additional properties. */
function createFieldsCheck(fields: readonly Field[]): Check {
  const own = fields.filter(({ name }) => !/[.[]/.test(name));
  const checks = own.map(({ name, type, required }) => {
    const below = fields.flatMap((field) => {
      const start = [`${name}[].`, `${name}.`].find((one) => field.name.startsWith(one));
      return start === undefined ? [] : [{ ...field, name: field.name.slice(start.length) }];
    });
    return { name, required, check: createTypeCheck(type, below) };
  });
  return (value, at, faults) => {
    if (!isObject(value)) {
      faults.push(`${at}: expected a map, found ${describeValue(value)}`);
      return;
    }
    for (const { name, required, check } of checks) {
      if (value[name] !== undefined) check(value[name], `${at}.${name}`, faults);
      else if (required) faults.push(`${at}.${name}: is required`);
    }
  };
}

const checksBySchema = new Map<string, Check>();

function getSchemaCheck(name: string): Check {
  const known = checksBySchema.get(name);
  if (known !== undefined) return known;
  const schema = SCHEMAS.get(name);
  if (schema === undefined) throw new Error(`docs/internals/catalog/http-api.md has no schema ${name}`);
  const check = createSchemaCheck(schema);
  checksBySchema.set(name, check);
  return check;
}

function createSchemaCheck({ note, fields }: Schema): Check {
  const [, listed] = /^Bare list of (\w+)\./.exec(note) ?? [];
  if (listed !== undefined) return createListCheck(createTypeCheck(listed, []));
  const [, kept] = /^Map of any key → (.*)\.$/.exec(note) ?? [];
  if (kept !== undefined) return createMapCheck(createTypeCheck(kept, []));
  if (note.startsWith("Plain string")) return createTypeCheck("string", []);
  const [, how, names = ""] = /^(One|All) of: (.*)\.$/.exec(note) ?? [];
  const parts = names.split(", ").map((one) => (one === "map below" ? "map" : one));
  if (how === "One") return createAnyCheck(parts, fields);
  if (how === "All") return createTypeCheck(parts.join(" & "), fields);
  return createFieldsCheck(fields);
}

/** Returns the violations of a schema of the API description, one line each; an empty list for a valid value. */
export function listSchemaViolations(schema: string, value: unknown): string[] {
  return collectViolations(createTypeCheck(schema, []), value, schema);
}

interface Operation {
  rule: string;
  method: string;
  path: RegExp;
  /** The schema of the response; null for 204 without a body, or for a body without a type in the description. */
  schema: string | null;
}

/** The operations of section 6, in its order: literal paths are before paths with a parameter in the same place. */
const OPERATIONS: Operation[] = parseTableRows(
  API_DESCRIPTION.slice(API_DESCRIPTION.indexOf("\n## 6. "), API_DESCRIPTION.indexOf("\n## 7. ")),
).flatMap(([, rule = "", on = "", , , answer = ""]) => {
  const [, method = "", path = ""] = /^(\w+) `(.*)`$/.exec(on) ?? [];
  if (!/^A-\d+$/.test(rule) || path === "") return [];
  const [, schema] = /^200 (\[?[\w ]+\]?)(?:;|$)/.exec(answer) ?? [];
  return [{ rule, method, path: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`), schema: schema ?? null }];
});

/** Returns the operations with the schema of their responses. */
export function listDescribedOperations(): readonly Pick<Operation, "rule" | "schema">[] {
  return OPERATIONS;
}

const ERROR_CHECK = createFieldsCheck([
  ...(SCHEMAS.get("AuthenticationError")?.fields ?? []),
  { name: "errors", type: "[map]", required: false },
  { name: "errors[].field", type: "string", required: true },
  { name: "errors[].message", type: "string", required: true },
  { name: "errors[].type", type: "string?", required: true },
]);

/**
 * Returns whether a response intentionally leaves out a field: a guide's content, which has no schema; an actor that the
 * channel's response filter removes; `mode=compact`; `exclude`.
 */
function isIntendedOmission(url: URL, fault: string): boolean {
  if (!fault.endsWith(": is required")) return false;
  if (/^MessageContents\.data\.blocks: |\.actors?(?:\[\d\])?\.updated_at: /.test(fault)) return true;
  if (url.searchParams.get("mode") === "compact" && /\.(?:total_)?activities: /.test(fault)) return true;
  return url.searchParams.has("exclude");
}

/** Returns the violations of a response against its operation's schema, or against the error schema. */
export function listResponseViolations(method: string, url: URL, status: number, body: unknown): string[] {
  const path = url.pathname;
  if (!path.startsWith("/v1/")) return [];
  if (status >= 400) {
    const faults = collectViolations(ERROR_CHECK, body, `${status}`);
    if (!isObject(body)) return faults;
    if (body.status !== status)
      faults.push(`${status}.status: expected ${status}, found ${describeValue(body.status)}`);
    const named = Array.isArray(body.errors) ? body.errors.length : 0;
    if (status === 422 && body.code === "invalid_params" && named === 0) faults.push(`${status}.errors: is required`);
    return faults;
  }
  const operation = OPERATIONS.find((one) => one.method === method && one.path.test(path));
  if (operation === undefined || operation.schema === null) return [];
  return listSchemaViolations(operation.schema, body).filter((fault) => !isIntendedOmission(url, fault));
}
