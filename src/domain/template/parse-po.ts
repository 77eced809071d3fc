import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";

interface Entry {
  line: number;
  id: string;
  hasPlural: boolean;
  texts: string[];
}

const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\" };
const KEYWORD = /^(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s+(\S.*)?$/;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/;
/** Matches an ID that is a path of nested keys, as in JSON files. */
const PATH = /^[\w-]+(\.[\w-]+)+$/;

/**
 * Sets the text of an ID. An ID such as `a.b` is a path, so that `a` can be looked up with a count. Any other ID is a
 * key.
 */
function setText(content: JsonObject, id: string, value: string | JsonObject): void {
  const parts = PATH.test(id) ? id.split(".") : [id];
  let target = content;
  for (const part of parts.slice(0, -1)) {
    const inner = Object.hasOwn(target, part) ? target[part] : undefined;
    if (inner !== undefined && !isJsonObject(inner)) {
      content[id] = value; // a text already exists at a part of the path
      return;
    }
    const next: JsonObject = inner ?? Object.create(null);
    target[part] = next;
    target = next;
  }
  target[parts.at(-1) as string] = value;
}

/**
 * Returns a gettext file in the form of a JSON translation file. IDs become keys, and the two plural forms become `one`
 * and `other`. Untranslated and obsolete entries are ignored. Throws `project_invalid` with file and line (F-036).
 */
export function parsePo(source: string, file: string): JsonObject {
  const content: JsonObject = Object.create(null);
  let entry: Entry | null = null;
  let append: ((text: string) => void) | null = null;
  const createError = (line: number, message: string): KnockError =>
    new KnockError("project_invalid", `${file}:${line}: ${message}`, { hint: 'Entries are msgid "…" and msgstr "…".' });
  const finishEntry = (): void => {
    if (entry === null || entry.id === "") return; // the header of the file has no ID
    const [first = "", second] = entry.texts;
    if (!entry.hasPlural && first !== "") setText(content, entry.id, first);
    const other = second || first;
    if (entry.hasPlural && other !== "") setText(content, entry.id, { one: first || other, other });
  };

  for (const [index, raw] of source.split(/\r?\n/).entries()) {
    const line = raw.trim();
    const number = index + 1;
    if (line === "" || line.startsWith("#")) continue;
    const [, keyword, form = "0", rest = line] = KEYWORD.exec(line) ?? [];
    const quoted = QUOTED.exec(rest)?.[1];
    if (quoted === undefined) throw createError(number, `is invalid in a .po file: ${line.slice(0, 60)}`);
    const text = quoted.replaceAll(/\\(.)/g, (_all, letter: string) => ESCAPES[letter] ?? letter);
    if (
      keyword === "msgctxt" ||
      (keyword === "msgid" && (entry === null || entry.texts.length > 0 || entry.id !== ""))
    ) {
      finishEntry();
      entry = { line: number, id: "", hasPlural: false, texts: [] };
    }
    const current: Entry | null = entry;
    if (current === null) throw createError(number, "comes before the first msgid");
    if (keyword === "msgid") append = (more) => (current.id += more);
    else if (keyword === "msgid_plural") {
      current.hasPlural = true;
      append = () => {};
    } else if (keyword === "msgctxt") append = () => {};
    else if (keyword === "msgstr") {
      const at = Number(form);
      append = (more) => {
        current.texts[at] = (current.texts[at] ?? "") + more;
      };
    }
    append?.(text);
  }
  finishEntry();
  return content;
}
