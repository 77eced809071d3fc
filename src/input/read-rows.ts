import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { type InputReader, parseJsonInput } from "./input-source.js";

/** A JSON object in a file of several objects, and its location, such as `line 3`. */
export interface InputRow {
  place: string;
  value: JsonObject;
}

/** Splits text into lines that are not blank. Numbers count from 1. */
function* splitLines(text: string): Generator<{ text: string; number: number }> {
  for (const [index, line] of text.split("\n").entries())
    if (line.trim() !== "") yield { text: line, number: index + 1 };
}

function toRow(value: Json, name: string, place: string): InputRow {
  if (isJsonObject(value)) return { place, value };
  throw new KnockError("invalid_params", `${name}: ${place} must be a JSON object`, {
    details: [{ pointer: "", message: `${place} must be an object` }],
    hint: "Each line is one resource in the format of the API. Nothing was changed.",
  });
}

/**
 * Reads a file, or standard input for `-`, with one JSON object per line or with a JSON array of objects. Throws
 * `invalid_json` and `invalid_params` with the line.
 */
export async function readRows(path: string, reader: InputReader): Promise<InputRow[]> {
  const name = path === "-" ? "standard input" : path;
  const text = await reader.readText(path, "--file");
  if (text.trimStart().startsWith("[")) {
    const list = (await parseJsonInput(text, name)) as Json[];
    return list.map((value, index) => toRow(value, name, `entry ${index + 1}`));
  }
  const rows: InputRow[] = [];
  for (const { text: line, number } of splitLines(text))
    rows.push(toRow(await parseJsonInput(line, name, number), name, `line ${number}`));
  return rows;
}
