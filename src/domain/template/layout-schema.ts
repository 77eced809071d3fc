import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { described, optional, schemaReference } from "../schema/fields.js";

/**
 * The schema of a `layout.json` whose text files have been inserted (section 10 of the format). It is built when the
 * first layout is read.
 */
export const layoutSchema = once(() => {
  const url = (description: string, example?: unknown) => described(optional(z.string()), description, example);
  const color = (description: string, example?: string) =>
    described(
      optional(
        z.string().check(
          z.regex(/^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/, {
            error: ({ input }) => `must be a color such as #1A2B3C, found ${JSON.stringify(input)}`,
          }),
        ),
      ),
      description,
      example,
    );
  const branding = z.strictObject({
    logo_url: url("URL of the logo.", "https://app.example.com/logo.png"),
    icon_url: url("URL of the icon.", "https://app.example.com/icon.png"),
    dark_logo_url: url("URL of the logo for dark mode.", "https://app.example.com/logo-dark.png"),
    dark_icon_url: url("URL of the icon for dark mode.", "https://app.example.com/icon-dark.png"),
    primary_color: color("Color of buttons and links."),
    primary_color_contrast: color("Color of text on the primary color."),
    dark_primary_color: color("The primary color for dark mode.", "#8CA3FF"),
    dark_primary_color_contrast: color("The contrast color for dark mode.", "#101010"),
    primary_text_color: color("Color of text.", "#1A1A1A"),
    secondary_text_color: color("Color of less important text.", "#666666"),
  });
  const footerLink = z.strictObject({
    text: described(optional(z.string()), "The text of the link."),
    label: described(optional(z.string()), "Alias of text."),
    url: described(z.string(), "The URL of the link."),
  });
  return described(
    z.strictObject({
      $schema: schemaReference(),
      key: described(optional(z.string()), "The key of the layout: the name of its folder.", "default"),
      name: described(optional(z.string()), "The display name."),
      html_layout: described(
        z.string(),
        "The HTML or MJML document around the content. It prints {{ content }}.",
        "<html><body>{{ content }}</body></html>",
      ),
      text_layout: described(
        z.string(),
        "The plain text around the content. It prints {{ content }}.",
        "{{ content }}",
      ),
      footer_links: described(optional(z.array(footerLink)), "Links for the layout's footer."),
      is_mjml: described(optional(z.boolean()), "Whether html_layout is MJML (default: false)."),
      branding_overrides: described(optional(branding), "Branding that takes precedence over the account's."),
      created_at: described(optional(z.string()), "Written by the hosted service."),
      updated_at: described(optional(z.string()), "Written by the hosted service."),
      environment: described(optional(z.string()), "Written by the hosted service."),
      sha: described(optional(z.string()), "Written by the hosted service."),
    }),
    "An email layout: the documents around the content of emails.",
  );
});
