import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { textField, textOrNull } from "../../domain/schema/output-fields.js";

const pagePath = (description: string) => textField(`${description}, such as docs/guide/schedules.md.`);

export const pageListSchema = z.object({
  items: described(
    z.array(
      z.object({
        page: pagePath("The path of the page in the package"),
        title: textField("The title of the page."),
        section: textField("The part of the documentation, such as guide or reference/commands."),
      }),
    ),
    "The pages.",
  ),
});

export const searchSchema = z.object({
  query: textField("The words that were searched."),
  items: described(
    z.array(
      z.object({
        page: textOrNull("The path of the page in the package, or null for a help topic."),
        title: textField("The title of the page, or the command that prints the help topic."),
        heading: textField("The heading of the section, or the summary of the help topic."),
        anchor: textOrNull("The anchor of the section; null for the start of a page and for a help topic."),
        excerpt: textField("The passage of the section with the most words of the query."),
        command: textField("The command that prints the section, the page or the help topic."),
      }),
    ),
    "The sections that fit, the best first.",
  ),
});

export const pageSchema = z.object({
  page: pagePath("The path of the page in the package"),
  title: textField("The title of the page."),
  anchor: textOrNull("The anchor of the printed section, or null for the page."),
  text: textField("The Markdown of the page, or of the section with its subsections."),
  sections: described(
    z.array(z.object({ heading: textField("The heading."), anchor: textField("Its anchor.") })),
    "All sections of the page.",
  ),
});
