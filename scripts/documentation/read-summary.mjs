/** Returns the title of a page and the first sentence below it, if text follows the title. */
export function readSummary(markdown, path) {
  const text = markdown.replace(/^<!--.*?-->\s*/s, "");
  const [, title = path, first = ""] = /^# (.+)\n\n((?:.+\n)*)/.exec(text) ?? [];
  const paragraph = first.replaceAll("\n", " ").trim();
  const isText = paragraph !== "" && !/^(?:[#|<>!-]|\d+\.|```)/.test(paragraph);
  const [sentence = ""] = isText ? (/^.*?(?:\.(?=\s|$)|:$)/.exec(paragraph) ?? []) : [];
  return { title, sentence: sentence.replace(/:$/, ".") };
}
