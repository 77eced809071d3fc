import { dirname, join } from "node:path";
import { countLines } from "../../comparison/diff-texts.js";
import { describeComparison } from "../../domain/condition/evaluated-condition.js";
import { diffDocuments, IDENTIFYING_FIELDS } from "../../domain/resource/diff-documents.js";
import { formatStepDuration } from "../../domain/step/summarize-window.js";
import { formatNumber } from "../../util/format-count.js";
import { filterObjects, isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ReviewedDocument } from "./read-documents.js";
import type { WorkflowReview } from "./review-report-schema.js";
import { formatSidePath, type ReviewSide } from "./sides.js";

type Change = WorkflowReview["changes"][number];
type Path = readonly (string | number)[];
type Found = ReturnType<typeof diffDocuments>[number];

const MAX_VALUE_LENGTH = 60;
const isDuration = (value: Json | undefined): value is { unit: string; value: number } =>
  isJsonObject(value) && typeof value.unit === "string" && typeof value.value === "number";

/** Returns the place of an item that a part of a path names; -1 without one. */
const findItem = (items: readonly Json[], part: string | number): number =>
  typeof part === "number"
    ? part
    : items.findIndex((item) => isJsonObject(item) && IDENTIFYING_FIELDS.some((field) => item[field] === part));

/** Returns the value at a path, and the path with the places of items; undefined if it does not exist. */
function follow(root: Json, path: Path): { value: Json; parts: string[] } | undefined {
  let value = root;
  const parts: string[] = [];
  for (const part of path) {
    const isList = Array.isArray(value);
    const key = isList ? findItem(value as Json[], part) : part;
    const next: Json | undefined = isList
      ? (value as Json[])[key as number]
      : isJsonObject(value)
        ? value[String(key)]
        : undefined;
    if (next === undefined) return undefined;
    parts.push(String(key));
    value = next;
  }
  return { value, parts };
}

/** Returns the path to a step at any depth, with the places of items. */
function findStepPath(value: Json, ref: string, path: readonly string[] = []): string[] | undefined {
  const entries: [string, Json][] = Array.isArray(value)
    ? value.map((item, index) => [String(index), item])
    : Object.entries(isJsonObject(value) ? value : {}).filter(([key]) => key === "steps" || key === "branches");
  for (const [key, child] of entries) {
    if (isJsonObject(child) && child.ref === ref && path.at(-1) === "steps") return [...path, key];
    const found = findStepPath(child, ref, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function getContainer(content: JsonObject | null, step: string | null): { value: Json; parts: string[] } | undefined {
  if (content === null) return undefined;
  if (step === null) return { value: content, parts: [] };
  const parts = findStepPath(content, step);
  return parts === undefined
    ? undefined
    : follow(
        content,
        parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
      );
}

/** Returns conditions as people write them: `data.plan equal_to "pro" and (…)`. */
function formatConditions(value: Json): string {
  if (!isJsonObject(value)) return "none";
  const { all, any, variable, operator, argument = null } = value;
  if (typeof variable === "string")
    return describeComparison({ variable, operator: String(operator), argument } as never);
  const list = Array.isArray(all) ? all : Array.isArray(any) ? any : [];
  const texts = list.map((item) =>
    isJsonObject(item) && item.variable === undefined ? `(${formatConditions(item)})` : formatConditions(item),
  );
  return texts.length === 0 ? "none" : texts.join(Array.isArray(any) ? " or " : " and ");
}

/** Returns the windows of a week as people write them: `monday–friday 09:00–17:00, saturday–sunday not sent`. */
function formatSendWindows(value: Json): string {
  const groups: { first: string; last: string; times: string }[] = [];
  for (const { day, type, from, until } of filterObjects(value)) {
    const [start, end] = [from ?? "00:00", until ?? "24:00"].map((time) =>
      String(time).replace(/^(\d+:\d+):00$/, "$1"),
    );
    const times = type === "do_not_send" ? "not sent" : `${start}–${end}`;
    const last = groups.at(-1);
    if (last?.times === times) last.last = String(day);
    else groups.push({ first: String(day), last: String(day), times });
  }
  return groups.map(({ first, last, times }) => `${first === last ? first : `${first}–${last}`} ${times}`).join(", ");
}

function formatValue(value: Json, field: string): string {
  if (value === null) return "none";
  if (field === "send_windows") return formatSendWindows(value);
  if (field === "conditions") return formatConditions(value);
  if (isDuration(value)) return formatStepDuration(value as never);
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 1)}…` : text;
}

/** Returns the words for a path: `conditions`, `delay for`, `subject`. */
const formatPath = (path: Path): string =>
  path
    .filter((part, index) => index === path.length - 1 || (part !== "settings" && part !== "template"))
    .map((part) => (typeof part === "number" ? `#${part + 1}` : part.replaceAll("_", " ")))
    .join(" › ");

const isLongText = (value: Json): value is string =>
  typeof value === "string" && (value.includes("\n") || value.length > MAX_VALUE_LENGTH);

function describeTextChange(label: string, before: string, after: string): string {
  const { added, removed } = countLines(before, after);
  // Large texts with many differences are not compared line by line.
  if (added + removed === 0) return `${label} changed`;
  return `${label}: ${formatNumber(added)} ${added === 1 ? "line" : "lines"} added, ${formatNumber(removed)} removed`;
}

function describeStepKind(step: string, value: Json): string {
  const kind = isJsonObject(value) ? (value.channel_type ?? value.type) : null;
  return typeof kind === "string" ? `step ${step} (${kind.replaceAll("_", " ")})` : `step ${step}`;
}

function describeChange({
  kind,
  step,
  path,
  before,
  after,
}: Omit<Change, "text" | "location" | "path"> & { path: Path }): string {
  if (path.length === 0 && step !== null) return `${describeStepKind(step, after ?? before)} ${kind}`;
  const label = [step, formatPath(path)].filter(Boolean).join(": ");
  if (kind === "moved") return `${label} moved`;
  if (isLongText(before) || isLongText(after)) {
    if (typeof before === "string" && typeof after === "string") return describeTextChange(label, before, after);
    return `${label} ${kind}`;
  }
  const field = path.includes("conditions") ? "conditions" : String(path.at(-1) ?? "");
  return `${label}: ${formatValue(before, field)} → ${formatValue(after, field)}`;
}

/** Extends a change to all of the conditions, windows or duration that contain it, because a part of them says little. */
function widen({ step, path, ...rest }: Found, before: JsonObject | null, after: JsonObject | null): Found {
  const conditions = path.findIndex((part) => part === "conditions" || part === "send_windows");
  const last = path.at(-1);
  let end = path.length;
  if (conditions >= 0) end = conditions + 1;
  else if (last === "unit" || last === "value") end = path.length - 1;
  else return { step, path, ...rest };
  const own = path.slice(0, end);
  const [old, now] = [before, after].map((content) => {
    const container = getContainer(content, step);
    return container === undefined ? null : (follow(container.value, own)?.value ?? null);
  }) as [Json, Json];
  if (conditions < 0 && !isDuration(old) && !isDuration(now)) return { step, path, ...rest };
  const kind = old === null ? "added" : now === null ? "removed" : "changed";
  return { kind, step, path: own, before: old, after: now };
}

/** Returns the number of the first line that differs. */
function findFirstDifference(text: string, other: string): number {
  const [lines, others] = [text.split("\n"), other.split("\n")];
  const at = lines.findIndex((line, index) => line !== others[index]);
  return at < 0 ? lines.length : at + 1;
}

/** Returns where a change is: in a text of its own, or in the main file. */
async function locateChange(
  { kind, step, path, before, after }: Found,
  side: ReviewSide,
  document: ReviewedDocument,
): Promise<Change["location"]> {
  const container = getContainer(document.content, step);
  const parts = [...(container?.parts ?? []), ...(follow(container?.value ?? {}, path)?.parts ?? path.map(String))];
  const parent = follow(
    document.raw,
    parts.slice(0, -1).map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  );
  const owner = parent?.value ?? null;
  const reference = isJsonObject(owner) ? owner[`${parts.at(-1)}@`] : undefined;
  if (typeof reference === "string") {
    const own = kind === "removed" ? before : after;
    const other = kind === "removed" ? after : before;
    const line = typeof own === "string" && typeof other === "string" ? findFirstDifference(own, other) : 1;
    return { side: side.side, file: formatSidePath(side, join(dirname(document.path), reference)), line };
  }
  const { locateValues } = await import("../../project/add-file-locations.js");
  const [location] = await locateValues({ path: document.path, displayPath: formatSidePath(side, document.path) }, [
    parts,
  ]);
  return location ? { side: side.side, file: location.displayPath, line: location.line } : null;
}

/** Returns the changes between two versions of a document, in words and with their places. */
export async function describeChanges(
  sides: { before: ReviewSide; after: ReviewSide },
  before: ReviewedDocument | null,
  after: ReviewedDocument | null,
): Promise<Change[]> {
  if (before === null || after === null || before.content === null || after.content === null) {
    const document = (after ?? before) as ReviewedDocument;
    const side = after === null ? sides.before : sides.after;
    const kind = before === null ? "added" : after === null ? "removed" : "changed";
    const error = after?.error ?? before?.error ?? null;
    const text = error === null ? `${document.id} ${kind}` : `${document.id} cannot be read: ${error}`;
    const file = formatSidePath(side, document.path);
    // Errors of a file begin with its path, the line and the column.
    const line = error?.startsWith(`${file}:`) ? Number.parseInt(error.slice(file.length + 1), 10) : 1;
    const location = { side: side.side, file, line: Number.isNaN(line) ? 1 : line };
    return [{ kind, step: null, path: "", before: null, after: null, text, location }];
  }
  const changes: Change[] = [];
  const seen = new Set<string>();
  for (const found of diffDocuments(before.content, after.content)) {
    const change = widen(found, before.content, after.content);
    const id = JSON.stringify([change.step, change.path, change.kind === "moved"]);
    if (seen.has(id)) continue;
    seen.add(id);
    const isRemoved = change.kind === "removed";
    const location = await locateChange(change, isRemoved ? sides.before : sides.after, isRemoved ? before : after);
    const { kind, step, path, before: old, after: now } = change;
    const described = { kind, step, before: old, after: now };
    changes.push({ ...described, path: path.join("."), text: describeChange({ ...described, path }), location });
  }
  return changes;
}
