import { isJsonObject, type JsonObject } from "../../util/json.js";

const HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n';

const quoteText = (text: string): string =>
  text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");

const isPlural = (value: JsonObject): boolean => typeof value.one === "string" && typeof value.other === "string";

function formatEntries(content: JsonObject, path: readonly string[]): string[] {
  return Object.entries(content).flatMap(([key, value]): string[] => {
    const id = [...path, key];
    const msgid = `msgid "${quoteText(id.join("."))}"`;
    if (typeof value === "string") return [`${msgid}\nmsgstr "${quoteText(value)}"\n`];
    if (!isJsonObject(value)) return [];
    if (!isPlural(value)) return formatEntries(value, id);
    const forms = `msgstr[0] "${quoteText(String(value.one))}"\nmsgstr[1] "${quoteText(String(value.other))}"`;
    return [`${msgid}\nmsgid_plural "${quoteText(id.join("."))}"\n${forms}\n`];
  });
}

/** Returns the texts of a JSON translation file as a gettext file, which `parsePo` reads. Other plural forms are left out. */
export function formatPo(content: JsonObject): string {
  return [HEADER, ...formatEntries(content, [])].join("\n");
}
