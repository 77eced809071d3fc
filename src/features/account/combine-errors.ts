import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";

/** Returns the findings of an error with the file that its message starts with. */
function listDetails({ message, details }: KnockError): ErrorDetail[] {
  const [, file, line, column, text = message] = /^([^\s:]+):(?:(\d+):(\d+):)? (.*)$/s.exec(message) ?? [];
  const place = file === undefined ? {} : { file, line: Number(line ?? 1), column: Number(column ?? 1) };
  return (details.length > 0 ? details : [{ pointer: "", message: text }]).map((detail) => ({ ...place, ...detail }));
}

/** Returns one error for several resources: the error itself if there is one, otherwise all of their findings. */
export function combineErrors(errors: readonly KnockError[], summary: string): KnockError {
  const [first] = errors;
  if (first !== undefined && errors.length === 1) return first;
  return new KnockError(first?.code ?? "project_invalid", `${errors.length} ${summary}`, {
    details: errors.flatMap(listDetails),
    hint: "Fix them and run the command again. Nothing was changed.",
  });
}
