import type { ReportFinding } from "../domain/findings/report-finding.js";
import { didYouMean, toHintText } from "../util/find-nearest.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";

const PLACEHOLDER = /\$\{([^{}]*)\}/g;
const ONLY_PLACEHOLDER = /^\$\{([^{}]*)\}$/;

function substitute(value: Json, path: PropertyKey[], row: JsonObject, report: ReportFinding): Json {
  const read = (name: string): Json => {
    if (Object.hasOwn(row, name)) return row[name] as Json;
    const hint = toHintText(didYouMean(name, Object.keys(row), "Columns"));
    report(path, `uses the unknown column "${name}"${hint === undefined ? "" : `. ${hint}`}`);
    return "";
  };
  if (typeof value === "string") {
    const [, only] = ONLY_PLACEHOLDER.exec(value) ?? [];
    if (only !== undefined) return read(only);
    return value.replace(PLACEHOLDER, (_, name: string) => {
      const text = read(name);
      return typeof text === "string" ? text : JSON.stringify(text);
    });
  }
  if (Array.isArray(value)) return value.map((item, index) => substitute(item, [...path, index], row, report));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      substitute(key, path, row, report) as string,
      substitute(child, [...path, key], row, report),
    ]),
  );
}

/** One scenario of a table, with its values filled in. */
interface ExpandedRow {
  /** The number of the row, counted from 1; null without a table. */
  row: number | null;
  /** The scenario without `each`. */
  scenario: Json;
  name: string;
}

/**
 * Returns a scenario once per row of its table `each`, with `${column}` replaced in names, keys and texts. A text that
 * is only a placeholder becomes the value itself, so that numbers stay numbers. Reports unknown columns.
 */
export function expandRows(name: string, scenario: Json, report: ReportFinding): ExpandedRow[] {
  if (!isJsonObject(scenario) || !Array.isArray(scenario.each) || !scenario.each.every(isJsonObject))
    return [{ row: null, scenario, name }];
  // The schema rejects an empty table, which would otherwise remove the scenario.
  if (scenario.each.length === 0) return [{ row: null, scenario, name }];
  const { each, ...rest } = scenario;
  return each.map((row, index) => {
    const expandedName = String(substitute(name, [], row, report));
    return {
      row: index + 1,
      scenario: substitute(rest, [], row, report),
      name: expandedName === name ? `${name} [${index + 1}]` : expandedName,
    };
  });
}
