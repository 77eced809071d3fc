import { KnockError } from "../../errors/knock-error.js";

/** Returns the URL of `--webhook-url` without slashes at its end. Throws `usage` for any other text. */
export function parseWebhookUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "")
    throw new KnockError(
      "usage",
      `--webhook-url: ${JSON.stringify(text)} must be a URL without a query, as in https://knock.lark.test`,
    );
  return url.href.replace(/(?<!\/)\/+$/, "");
}
