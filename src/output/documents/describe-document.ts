import type * as z from "zod/mini";

/** A JSON document that a command prints, whose JSON Schema is published. */
export interface OutputDocument {
  /** The name of the file without its ending: the command, and what distinguishes this document from its others. */
  name: string;
  /** The command that prints the document; null for a document that every command can print. */
  command: string | null;
  title: string;
  /** The condition under which the command prints this document, or its content. */
  description: string;
  schema: z.ZodMiniType;
  /** The place where the document is printed (default: the result on standard output). */
  place?: "standard error" | "a file";
  /** Whether the command prints one document per line. */
  isStream?: true;
}

/** Returns a document of a command. The first document of a command has the command's name. */
export function describeDocument(
  command: string,
  title: string,
  description: string,
  schema: z.ZodMiniType,
  rest: Partial<Pick<OutputDocument, "place" | "isStream">> & { suffix?: string } = {},
): OutputDocument {
  const { suffix, ...fields } = rest;
  const name = [...command.split(" "), ...(suffix === undefined ? [] : [suffix])].join("-");
  return { name, command, title, description, schema, ...fields };
}
