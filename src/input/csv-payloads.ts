import { KnockError } from "../errors/knock-error.js";
import { findNearest } from "../util/find-nearest.js";
import type { Json, JsonObject } from "../util/json.js";
import { assignAtPath, fillHoles, parsePath, type Segment } from "./assign-at-path.js";
import type { CsvRow } from "./csv-rows.js";
import { parseJsonInput } from "./input-source.js";
import { parseIds } from "./parse-flags.js";

/** The fields of a payload. A column is one of them, or a path into `data`, `settings` or an inline tenant or actor. */
const FIELDS = [
  "key",
  "recipients",
  "actor",
  "tenant",
  "data",
  "cancellation_key",
  "idempotency_key",
  "settings",
] as const;
/** Fields whose values are never numbers or booleans. */
const TEXT_FIELDS: ReadonlySet<string> = new Set(["key", "cancellation_key", "idempotency_key"]);
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/;
const TEXT_SUFFIX = ":text";

interface Column {
  name: string;
  path: Segment[];
  isText: boolean;
}

/** Builds payloads from the rows of a CSV file, whose first row names the path of each column. */
export class CsvPayloads {
  private constructor(
    private readonly columns: readonly Column[],
    private readonly inputName: string,
  ) {}

  /** Reads the first row. Throws `usage` for a column that is no path of a payload, or that occurs twice. */
  static parseHeader(row: CsvRow, inputName: string): CsvPayloads {
    if ("error" in row) throw toRowError(row.line, row.error, inputName);
    const columns = row.fields.map((field) => parseColumn(field.trim(), `${inputName}:${row.line}`));
    const names = columns.map(({ path }) => JSON.stringify(path));
    const repeated = columns.find((_, index) => names.slice(0, index).includes(names[index] ?? ""));
    if (repeated !== undefined)
      throw new KnockError("usage", `${inputName}:${row.line}: the column "${repeated.name}" occurs twice`, {
        hint: "Remove or rename one of the columns.",
      });
    return new CsvPayloads(columns, inputName);
  }

  /** Returns the payload of a row. Empty fields are omitted. Throws `usage` or `invalid_json`. */
  readonly toPayload = async (row: CsvRow): Promise<Json> => {
    if ("error" in row) throw toRowError(row.line, row.error, this.inputName);
    const { columns } = this;
    const { fields, line } = row;
    if (fields.length !== columns.length)
      throw toRowError(
        line,
        `has ${fields.length} field${fields.length === 1 ? "" : "s"}, but the first row has ${columns.length}`,
        this.inputName,
        "Give each row as many fields as the first row. An empty field is omitted from the payload.",
      );
    const payload: JsonObject = {};
    for (const [index, column] of columns.entries()) {
      const text = fields[index] ?? "";
      if (text === "") continue;
      const name = `${this.inputName}:${line}: column "${column.name}"`;
      assignAtPath(payload, column.path, await parseField(text, column, name), name);
    }
    return fillHoles(payload);
  };
}

function parseColumn(title: string, location: string): Column {
  const isText = title.endsWith(TEXT_SUFFIX);
  const name = isText ? title.slice(0, -TEXT_SUFFIX.length) : title;
  const path = name === "" ? [] : parsePath(name, `${location}: a column`);
  const [field] = path;
  if (FIELDS.some((known) => known === field)) return { name, path, isText: isText || TEXT_FIELDS.has(name) };
  const nearest = findNearest(String(field ?? ""), FIELDS);
  throw new KnockError("usage", `${location}: ${name === "" ? "a column has no name" : `unknown column "${name}"`}`, {
    hint: `${nearest === undefined ? `Columns of trigger data start with data, such as data.${name || "page"}.` : `Did you mean "${nearest}"?`} Valid fields: ${FIELDS.join(", ")}.`,
  });
}

/** Returns the value of a field: JSON, a number, true, false or null, otherwise text. Recipients may be a list of IDs. */
async function parseField(text: string, { path, isText }: Column, name: string): Promise<Json> {
  if (isText) return text;
  const [field] = path;
  const isWhole = path.length === 1;
  if (/^\s*[[{]/.test(text)) return parseJsonInput(text, name);
  if (isWhole && field === "recipients") return parseIds(text, name);
  if (isWhole && (field === "actor" || field === "tenant")) return text.trim();
  if (/^(?:true|false|null)$/.test(text) || NUMBER.test(text)) return JSON.parse(text);
  return text;
}

function findRowHint(problem: string): string {
  return problem.includes("UTF-8") ? "Save the file as UTF-8." : QUOTING_HINT;
}

const QUOTING_HINT =
  'Enclose a field with quotes, commas or line breaks in quotes, and double its own quotes: "say ""hi""".';

function toRowError(line: number, problem: string, inputName: string, hint = findRowHint(problem)): KnockError {
  const message = `the row ${problem}`;
  return new KnockError("usage", `${inputName}:${line}: ${message}`, {
    details: [{ pointer: "", message, file: inputName, line, column: 1 }],
    hint,
  });
}
