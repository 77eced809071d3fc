/** How many arguments without a name a filter takes, at least and at most. */
type Arity = readonly [min: number, max: number];

const NONE: Arity = [0, 0];
const ONE: Arity = [1, 1];
const UP_TO_ONE: Arity = [0, 1];
const UP_TO_TWO: Arity = [0, 2];
const ONE_OR_TWO: Arity = [1, 2];

function named(names: string, arity: Arity): [string, Arity][] {
  return names.split(" ").map((name) => [name, arity]);
}

/**
 * The filters of standard Liquid, then the service's. Those that liquidjs adds of its own are not listed, and take what they
 * are given (T-071).
 */
const ARITIES = new Map<string, Arity>([
  ...named(
    "abs base64_decode base64_encode base64_url_safe_decode base64_url_safe_encode capitalize ceil downcase",
    NONE,
  ),
  ...named("escape escape_once first floor last lstrip newline_to_br reverse rstrip size strip strip_html", NONE),
  ...named("strip_newlines upcase url_decode url_encode", NONE),
  ...named("append at_least at_most concat divided_by map minus modulo plus prepend remove remove_first", ONE),
  ...named("remove_last split times", ONE),
  ...named("compact default join round sort sort_natural sum uniq", UP_TO_ONE),
  ...named("truncate truncatewords", UP_TO_TWO),
  ...named("date find find_index has reject replace replace_first slice where", ONE_OR_TWO),
  ["replace_last", [2, 2]],
  ...named("from_json from_markdown json md5 sha256 subscriptions t tenant titlecase user", NONE),
  ...named("compare_versions equals intersect timezone", ONE),
  ...named("format_number hmac_sha256 object", UP_TO_ONE),
  ...named("currency format_date_in_locale rounded_currency", UP_TO_TWO),
  ["format_datetime_in_locale", [0, 3]],
  ["pluralize", [2, 2]],
]);

function counted(count: number): string {
  if (count === 0) return "no arguments";
  return count === 1 ? "1 argument" : `${count} arguments`;
}

function expected([min, max]: Arity): string {
  if (min === max) return counted(min);
  return min === 0 ? `at most ${counted(max)}` : `${min} or ${counted(max)}`;
}

/** Returns what is wrong with the number of a filter's arguments; null if it is right, or nothing is known of the filter. */
export function argumentFault(filter: string, count: number): string | null {
  const arity = ARITIES.get(filter);
  if (arity === undefined || (count >= arity[0] && count <= arity[1])) return null;
  return `the filter "${filter}" takes ${expected(arity)}, and has ${count === 0 ? "none" : count}`;
}
