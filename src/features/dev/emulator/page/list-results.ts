import type { JsonObject } from "../../../../util/json.js";
import type { Query } from "../http/query.js";

/** The most rows that the page displays of a list. Filters and the search find other rows. */
export const MAX_ROWS = 500;
const DEFAULT_ROWS = 50;

export const parseLimit = (query: Query): number => query.wholeNumber("limit", MAX_ROWS) ?? DEFAULT_ROWS;

export const toListResult = (items: JsonObject[], isMore: boolean): JsonObject => ({ items, more: isMore });
