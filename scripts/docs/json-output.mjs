// Generates docs/reference/json-output.md from the documents that commands print with --json. Its examples are run.
import { loadOutputDocuments } from "../build-output-schemas.mjs";
import { ExampleProject } from "../documentation/example-project.mjs";
import { JSON_EXAMPLES, WRITTEN_EXAMPLES } from "../documentation/json-examples.mjs";
import { formatCode, formatTable, joinParts, toAnchor } from "../documentation/markdown.mjs";

const MAX_TEXT_LENGTH = 80;
const DEFAULT_PORT = 8484;
/** The page keeps this many items of a list. */
const MAX_ITEMS = { objects: 1, others: 3 };

/** Returns a document with shorter lists and texts that still has every field. */
function shorten(value) {
  if (typeof value === "string") return value.length > MAX_TEXT_LENGTH ? `${value.slice(0, MAX_TEXT_LENGTH)}…` : value;
  if (typeof value !== "object" || value === null) return value;
  if (!Array.isArray(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shorten(one)]));
  const max = value.some((one) => typeof one === "object") ? MAX_ITEMS.objects : MAX_ITEMS.others;
  return value.slice(0, max).map(shorten);
}

/** Returns the JSON document in an output that also has notes and warnings. */
function extractDocument(text) {
  const [json] = /^\{[^\n]*\}$|^\{$.*?^\}$/ms.exec(text) ?? [];
  if (json === undefined) throw new Error(`there is no JSON document in: ${text}`);
  return JSON.parse(json);
}

async function runExamples() {
  const project = new ExampleProject("collab");
  const examples = new Map();
  try {
    for (const [name, line] of JSON_EXAMPLES) {
      const { text, exitCode } = await project.run(line, { isStopped: name === "dev" });
      const isExpected = name === "error" ? exitCode > 0 : exitCode === 0 || name === "dev";
      if (!isExpected) throw new Error(`exit ${exitCode}: ${line}\n${text}`);
      if (name === null) continue;
      const document = extractDocument(text);
      // A free port differs from run to run. Example projects show the default one in URLs.
      examples.set(name, { line, documents: ["port" in document ? { ...document, port: DEFAULT_PORT } : document] });
    }
    return examples;
  } finally {
    project.remove();
  }
}

/** Formats a document that is printed on one line, or an indented one. */
const formatDocuments = (documents, isOneLine) =>
  documents.map((document) => JSON.stringify(document, null, isOneLine ? undefined : 2)).join("\n");

function formatDocument({ name, title, description, place, isStream }, example) {
  const { line, documents } = example;
  return joinParts(
    `${description} Schema: [\`${name}.schema.json\`](../../schemas/output/${name}.schema.json) (${title}).`,
    place === undefined ? "" : `It is printed to ${place}.`,
    line === undefined ? "" : formatCode(line, "sh"),
    formatCode(formatDocuments(documents.map(shorten), isStream === true), "json"),
  );
}

const HEAD = `# JSON output

Every command except \`help\` prints JSON with \`--json\`. Each document has a JSON Schema (draft 2020-12) in \`schemas/output/\`, which is
part of the package: \`knock-cli/schemas/output/<name>.schema.json\`.

## Stability

- A field is never removed or renamed, and its type never changes, within a major version.
- Minor versions can add fields, and can add values to the lists of codes and statuses. Ignore fields that you do not know. The schemas
  allow unknown fields for the same reason.
- The text of \`message\`, \`hint\` and \`detail\` can change in every version. Compare \`code\` instead.
- Objects of the API have the API's fields, so they can contain more fields on the remote target.

## Rules of all documents

- Standard output contains one document, indented. Notes and warnings go to standard error.
- A command that prints many documents prints one per line (JSON Lines): \`notify\` with a JSON Lines file, \`worker\`, and the log of
  \`dev\`.
- A list of \`list\` commands has \`items\` and \`page_info\`. Use \`page_info.after\` with \`--after\` for the next page; it is null on the last page.
  A list of settings, and the records that a command changed, have only \`items\`.
- An unknown value is null. A field that does not apply to a record is absent, and its schema does not require it.
- Times are in ISO 8601 and UTC, on the store's clock.
- \`recipient\` is the ID of a user, or \`{ "id", "collection" }\` for an object.
- \`--expect\` adds \`expectations\` to the document of the command.
- \`--dry-run\` prints the request instead of the outcome.

The examples are shortened: lists show one object or three values, and long texts end with an ellipsis.
`;

export async function buildPages() {
  const { OUTPUT_DOCUMENTS } = await loadOutputDocuments();
  const examples = await runExamples();
  for (const [name, documents] of Object.entries(WRITTEN_EXAMPLES)) examples.set(name, { documents });
  const missing = OUTPUT_DOCUMENTS.filter(({ name }) => !examples.has(name)).map(({ name }) => name);
  if (missing.length > 0)
    throw new Error(`scripts/documentation/json-examples.mjs has no example of ${missing.join(", ")}`);
  const toHeading = (command) => (command === null ? "Errors" : `knock ${command}`);
  // Errors come first, because every command can print them.
  const commands = new Set([null, ...OUTPUT_DOCUMENTS.map(({ command }) => command)]);
  const rows = OUTPUT_DOCUMENTS.map(({ name, command, title, place = "standard output" }) => [
    command === null ? "[every command](#errors)" : `[\`knock ${command}\`](#${toAnchor(`knock ${command}`)})`,
    title,
    place,
    `[\`${name}\`](../../schemas/output/${name}.schema.json)`,
  ]);
  return {
    "docs/reference/json-output.md": joinParts(
      HEAD,
      "## Documents",
      formatTable(["Command", "Document", "Printed to", "Schema"], rows),
      [...commands].map((command) => [
        `## ${toHeading(command)}`,
        command === null
          ? "With `--json`, the last line of standard error is this document. The [exit code](exit-codes.md) depends on `code`; [Troubleshooting](../troubleshooting.md) explains each one. `notify` with a JSON Lines file prints one document for each line that failed."
          : "",
        OUTPUT_DOCUMENTS.filter((document) => document.command === command).map((document) =>
          formatDocument(document, examples.get(document.name)),
        ),
      ]),
    ),
  };
}
