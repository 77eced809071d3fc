import * as z from "zod/mini";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { type ReportFinding, reportBelow } from "../findings/report-finding.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { optional, rule } from "../schema/fields.js";
import { unionByType } from "../schema/union-by-type.js";

/**
 * The schema of a feed channel's setting `response_filter`, which selects the fields in responses of the feed API. By
 * default responses contain all fields (A-105, CH-221).
 */
const responseFilterSchema = once(() => {
  const paths = optional(z.array(z.string()));
  const object = once(() =>
    z.strictObject({ only: paths, except: paths }).check(
      rule(({ only, except }, report) => {
        if ((only == null) === (except == null))
          report([], 'must be true, false, { "only": [paths] } or { "except": [paths] }');
      }),
    ),
  );
  const field = () => optional(unionByType("true or false", { flag: z.boolean, object }));
  return z.strictObject({ vars: field(), actor: field(), recipient: field(), data: field() });
});

export type ResponseFilter = z.infer<ReturnType<typeof responseFilterSchema>>;

/** All fields (also if absent), no fields, or the fields at dotted paths. */
export type FieldFilter = ResponseFilter["data"];

/** Reports an invalid filter. */
export function checkResponseFilter({ response_filter: value }: JsonObject, report: ReportFinding): void {
  if (value !== undefined && value !== null)
    checkClosedDocument(responseFilterSchema(), value, reportBelow(report, "response_filter"));
}

export function findResponseFilter(settings: JsonObject): ResponseFilter | null {
  const { response_filter: value } = settings;
  return isJsonObject(value) ? value : null;
}

function copyPath(from: JsonObject, [name = "", ...rest]: readonly string[], into: JsonObject): void {
  if (!Object.hasOwn(from, name)) return;
  const value = from[name] as Json;
  if (rest.length === 0) into[name] = value;
  else if (isJsonObject(value)) {
    const inner: JsonObject = isJsonObject(into[name]) ? into[name] : {};
    copyPath(value, rest, inner);
    into[name] = inner;
  }
}

function omitPath(from: JsonObject, [name = "", ...rest]: readonly string[]): JsonObject {
  if (!Object.hasOwn(from, name)) return from;
  const { [name]: value, ...others } = from;
  if (rest.length === 0) return others;
  return isJsonObject(value) ? { ...others, [name]: omitPath(value, rest) } : from;
}

/** Returns the fields of an object that a filter keeps. */
export function filterFields(from: JsonObject, filter: FieldFilter): JsonObject {
  if (filter === undefined || filter === null || filter === true) return from;
  if (filter === false) return {};
  if (filter.only) {
    const result: JsonObject = {};
    for (const path of filter.only) copyPath(from, path.split("."), result);
    return result;
  }
  return (filter.except ?? []).reduce((remaining, path) => omitPath(remaining, path.split(".")), from);
}
