/** Escapes the data of a workflow command, so that it stays on one line. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** Escapes a property of a workflow command, which a colon or a comma would end. */
function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** Escapes text for a cell of a Markdown table, so that none of it is read as markup. */
export function escapeMarkdownCell(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[^A-Za-z0-9 .,/()-]/gu, (character) => `&#${character.codePointAt(0)};`);
}

/** Returns the workflow command that makes GitHub Actions show an error, at a position of a file if it is given. */
export function formatErrorCommand(
  properties: { file?: string; line?: number; col?: number; title: string },
  message: string,
): string {
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::error ${list.join(",")}::${escapeData(message)}`;
}
