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

interface AnnotationProperties {
  file?: string;
  line?: number;
  col?: number;
  title: string;
}

/** Returns the workflow command that makes GitHub Actions show an annotation, at a position of a file if it is given. */
export function formatAnnotationCommand(
  level: "error" | "warning",
  properties: AnnotationProperties,
  message: string,
): string {
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${level} ${list.join(",")}::${escapeData(message)}`;
}

/** Returns the workflow command that makes GitHub Actions show an error. */
export const formatErrorCommand = (properties: AnnotationProperties, message: string): string =>
  formatAnnotationCommand("error", properties, message);
