import { isJsonObject, type JsonObject } from "../../util/json.js";

/** Returns the name of the type of a `$ref`, or null if its target is unknown. */
type FindReference = (reference: string) => string | null;

const INDENTATION = "  ";
const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "string",
  number: "number",
  integer: "number",
  boolean: "boolean",
  null: "null",
};
const OBJECT_KEYWORDS = ["properties", "required", "additionalProperties", "patternProperties"];
const COMBINING_KEYWORDS = ["allOf", "anyOf", "oneOf", "$ref"];
const ARRAY_KEYWORDS = ["items", "prefixItems"];

/** Returns a comment from the description of a schema, with its indentation and line break, or an empty text. */
export function printComment(schema: unknown, indentation: string): string {
  if (!isJsonObject(schema)) return "";
  const lines = typeof schema.description === "string" ? schema.description.trim().split(/\r?\n/) : [];
  if (schema.deprecated === true) lines.push("@deprecated");
  const safe = lines.map((line) => line.replaceAll("*/", "*\\/").trimEnd()).filter((line, at) => line !== "" || at > 0);
  if (safe.length === 0) return "";
  if (safe.length === 1) return `${indentation}/** ${safe[0]} */\n`;
  return `${indentation}/**\n${safe.map((line) => `${indentation} * ${line}`.trimEnd()).join("\n")}\n${indentation} */\n`;
}

/** Returns a union without repeated members. `unknown` includes all others. */
function joinUnion(members: readonly string[]): string {
  const unique = [...new Set(members)];
  if (unique.includes("unknown")) return "unknown";
  const known = unique.filter((member) => member !== "never");
  return known.length === 0 ? "never" : known.join(" | ");
}

/** Returns a type in parentheses if it has one of the operators outside of braces, brackets and string literals. */
function parenthesize(type: string, operators: RegExp): string {
  let outside = type.replaceAll(/"(?:\\.|[^"\\])*"/g, "");
  for (let before = ""; before !== outside; ) {
    before = outside;
    outside = outside.replaceAll(/\{[^{}]*\}|\[[^[\]]*\]|\([^()]*\)/g, "");
  }
  return operators.test(outside) ? `(${type})` : type;
}

function joinIntersection(members: readonly string[]): string {
  const unique = [...new Set(members)].filter((member) => member !== "unknown");
  if (unique.length === 0) return "unknown";
  return unique.length === 1 ? (unique[0] ?? "unknown") : unique.map((type) => parenthesize(type, / \| /)).join(" & ");
}

const printKey = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

function printLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printLiteral).join(", ")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, field]) => `${printKey(name)}: ${printLiteral(field)}`);
  return fields.length === 0 ? "{ [key: string]: never }" : `{ ${fields.join("; ")} }`;
}

/** Prints the TypeScript types of JSON Schemas. Keywords that no type can express, such as `pattern`, are ignored. */
export class SchemaTypePrinter {
  /** Whether keywords beside `$ref` are ignored, as in the drafts before 2019-09. */
  constructor(
    private readonly findReference: FindReference,
    private readonly ignoresSiblings: boolean,
  ) {}

  /** Returns the type of the values that a schema accepts. */
  print(schema: unknown, indentation = ""): string {
    if (schema === false) return "never";
    if (!isJsonObject(schema)) return "unknown";
    const parts: string[] = [];
    if (typeof schema.$ref === "string") {
      parts.push(this.findReference(schema.$ref) ?? "unknown");
      if (this.ignoresSiblings) return joinIntersection(parts);
    }
    if (!isOnlyCombined(schema)) parts.push(this.printOwn(schema, indentation));
    if (Array.isArray(schema.allOf)) parts.push(...schema.allOf.map((part) => this.print(part, indentation)));
    for (const list of [schema.anyOf, schema.oneOf])
      if (Array.isArray(list)) parts.push(joinUnion(list.map((member) => this.print(member, indentation))));
    return joinIntersection(parts);
  }

  /** Returns the type of a schema without the schemas that it combines. */
  private printOwn(schema: JsonObject, indentation: string): string {
    if ("const" in schema) return printLiteral(schema.const);
    if (Array.isArray(schema.enum)) return joinUnion(schema.enum.map(printLiteral));
    const names = Array.isArray(schema.type) ? schema.type : [schema.type ?? guessType(schema)];
    return joinUnion(names.map((name) => this.printNamed(name, schema, indentation)));
  }

  private printNamed(name: unknown, schema: JsonObject, indentation: string): string {
    if (name === "object") return this.printObject(schema, indentation);
    if (name === "array") return this.printArray(schema, indentation);
    return TYPE_NAMES[String(name)] ?? "unknown";
  }

  private printObject(schema: JsonObject, indentation: string): string {
    const properties = isJsonObject(schema.properties) ? schema.properties : {};
    const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
    const names = [...new Set([...Object.keys(properties), ...required])];
    const inner = indentation + INDENTATION;
    const types = names.map((name) =>
      Object.hasOwn(properties, name) ? this.print(properties[name], inner) : "unknown",
    );
    const lines = names.map(
      (name, at) =>
        `${printComment(getOwn(properties, name), inner)}${inner}${printKey(name)}${required.has(name) ? "" : "?"}: ${types[at]};\n`,
    );
    const index = this.printIndex(schema, types, names.length > required.size, inner);
    if (index !== null) lines.push(`${inner}[key: string]: ${index};\n`);
    return `{\n${lines.join("")}${indentation}}`;
  }

  /**
   * Returns the type of the properties that are not listed, or null if they are not part of the type. A schema that
   * lists properties and does not mention others gets none, so that the compiler finds misspelled names.
   */
  private printIndex(
    schema: JsonObject,
    types: readonly string[],
    hasOptional: boolean,
    indentation: string,
  ): string | null {
    const { additionalProperties, patternProperties } = schema;
    const patterns = isJsonObject(patternProperties) ? Object.values(patternProperties) : [];
    const others = patterns.map((part) => this.print(part, indentation));
    if (additionalProperties === true) others.push("unknown");
    else if (isJsonObject(additionalProperties)) others.push(this.print(additionalProperties, indentation));
    else if (types.length === 0 && others.length === 0)
      others.push(additionalProperties === false ? "never" : "unknown");
    if (others.length === 0) return null;
    // An index signature has to include the types of the listed properties.
    if (others.every((type) => type === "never")) return "never";
    return joinUnion([...others, ...types, ...(hasOptional ? ["undefined"] : [])]);
  }

  private printArray(schema: JsonObject, indentation: string): string {
    const { items, prefixItems, additionalItems, minItems } = schema;
    const list = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : null;
    if (list === null) return printArrayOf(this.print(items ?? true, indentation));
    const rest = Array.isArray(prefixItems) ? items : additionalItems;
    const min = typeof minItems === "number" ? minItems : 0;
    const elements = list.map((item, at) => {
      const type = this.print(item, indentation);
      return at < min ? type : `${parenthesize(type, / [|&] /)}?`;
    });
    if (rest !== false) elements.push(`...${printArrayOf(this.print(rest ?? true, indentation))}`);
    return `[${elements.join(", ")}]`;
  }
}

const printArrayOf = (type: string): string => `${parenthesize(type, / [|&] /)}[]`;

const getOwn = (object: JsonObject, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);

/** Returns whether a schema says only that its value is an object, and leaves the properties to combined schemas. */
function isOnlyCombined(schema: JsonObject): boolean {
  const isCombined = COMBINING_KEYWORDS.some((keyword) => keyword in schema);
  return isCombined && schema.type === "object" && !OBJECT_KEYWORDS.some((keyword) => keyword in schema);
}

/** Returns the type that the keywords of a schema without `type` are about, or `any`. */
function guessType(schema: JsonObject): "object" | "array" | "any" {
  if (OBJECT_KEYWORDS.some((keyword) => keyword in schema)) return "object";
  return ARRAY_KEYWORDS.some((keyword) => keyword in schema) ? "array" : "any";
}
