import { KnockError } from "../errors/knock-error.js";
import { quoteForShell } from "../input/restore-quotes.js";
import { parsePointer } from "../util/json.js";

/** Returns the words `path=text` of `--set` whose text would be JSON other than a string, as path and text. */
function listJsonTexts(argv: readonly string[]): [path: string, text: string][] {
  const end = argv.indexOf("--");
  const words = end === -1 ? argv : argv.slice(0, end);
  return words.flatMap((word, index): [string, string][] => {
    const value = word.startsWith("--set=") ? word.slice("--set=".length) : words[index - 1] === "--set" ? word : "";
    const [, path, text] = /^([^=]*[^=:])=(.*)$/s.exec(value) ?? [];
    return path !== undefined && text !== undefined && /^(?:true|false|null|-?\d+(?:\.\d+)?|[[{].*)$/s.test(text)
      ? [[path, text]]
      : [];
  });
}

/** Adds a hint to an error about a value of `--set path=text` if `--set path:=text` was probably meant. */
export function suggestJsonSet(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof KnockError) || error.code !== "invalid_params") return error;
  const paths = error.details.map(({ pointer }) => `.${parsePointer(pointer).join(".")}`);
  const found = listJsonTexts(argv).find(([path]) => paths.some((known) => known.endsWith(`.${path}`)));
  if (found === undefined) return error;
  return error.copyWith({ hint: `Use := for JSON: --set ${quoteForShell(`${found[0]}:=${found[1]}`)}` });
}
