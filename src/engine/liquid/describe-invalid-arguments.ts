import { formatCount } from "../../util/format-count.js";

/** The smallest and largest number of positional arguments of a filter. */
type Arity = readonly [min: number, max: number];

const NONE: Arity = [0, 0];
const ONE: Arity = [1, 1];
const UP_TO_ONE: Arity = [0, 1];
const UP_TO_TWO: Arity = [0, 2];
const ONE_OR_TWO: Arity = [1, 2];

function assignArity(names: string, arity: Arity): [string, Arity][] {
  return names.split(" ").map((name) => [name, arity]);
}

/**
 * The filters of standard Liquid, then those of the service. Filters that only liquidjs has are not listed, so their
 * arguments are not counted (T-071).
 */
const ARITIES = new Map<string, Arity>([
  ...assignArity(
    "abs base64_decode base64_encode base64_url_safe_decode base64_url_safe_encode capitalize ceil downcase",
    NONE,
  ),
  ...assignArity("escape escape_once first floor last lstrip newline_to_br reverse rstrip size strip strip_html", NONE),
  ...assignArity("strip_newlines upcase url_decode url_encode", NONE),
  ...assignArity("append at_least at_most concat divided_by map minus modulo plus prepend remove remove_first", ONE),
  ...assignArity("remove_last split times", ONE),
  ...assignArity("compact default join round sort sort_natural sum uniq", UP_TO_ONE),
  ...assignArity("truncate truncatewords", UP_TO_TWO),
  ...assignArity("date find find_index has reject replace replace_first slice where", ONE_OR_TWO),
  ["replace_last", [2, 2]],
  ...assignArity("from_json from_markdown json md5 sha256 subscriptions t tenant titlecase user", NONE),
  ...assignArity("compare_versions equals intersect timezone", ONE),
  ...assignArity("format_number hmac_sha256 object", UP_TO_ONE),
  ...assignArity("currency format_date_in_locale rounded_currency", UP_TO_TWO),
  ["format_datetime_in_locale", [0, 3]],
  ["pluralize", [2, 2]],
]);

const formatArguments = (count: number): string => (count === 0 ? "no arguments" : formatCount(count, "argument"));

function formatArity([min, max]: Arity): string {
  if (min === max) return formatArguments(min);
  return min === 0 ? `at most ${formatArguments(max)}` : `${min} or ${formatArguments(max)}`;
}

/** Returns an error text for a wrong number of filter arguments. Null if the number is right or the filter is not listed. */
export function describeInvalidArguments(filter: string, count: number): string | null {
  const arity = ARITIES.get(filter);
  if (arity === undefined || (count >= arity[0] && count <= arity[1])) return null;
  if (filter === "t") return 'the filter "t" takes only arguments with a name, such as count: 2';
  return `the filter "${filter}" takes ${formatArity(arity)}, and has ${count === 0 ? "none" : count}`;
}
