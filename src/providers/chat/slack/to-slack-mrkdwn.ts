/**
 * Matches inline markup: code, Slack's own `<@U1>` and links, and Markdown's links, bold, strikethrough and italic. The named
 * groups distinguish them. The length of a span is limited, so that a text of opening marks only is not searched to its end for
 * each of them.
 */
const INLINE_TOKEN =
  /(?<code>```[\s\S]*?```|`[^`\n]+`)|(?<own><(?:[@#!]|https?:|mailto:)[^<>\n]+>)|!?\[(?<label>[^\][\n]*)\]\((?<url>[^()\s]+)(?:\s+"[^"\n]*")?\)|(?<b>(?<!\*)\*\*|(?<!_)__)(?=\S)(?<bold>[^\n]{0,2000}?\S)\k<b>(?![*_])|~~(?=\S)(?<struck>[^\n]{0,2000}?\S)~~|(?<![\w*])\*(?=[^\s*])(?<italic>[^*\n]{0,2000}?)(?<=\S)\*(?![\w*])/g;

/** Escapes the three characters that have a meaning in Slack. A `>` that starts a quotation has the same meaning there. */
function escapeMrkdwn(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/^&gt; ?/gm, "> ");
}

function convertInline(text: string): string {
  let result = "";
  let end = 0;
  for (const match of text.matchAll(INLINE_TOKEN)) {
    const { code, own, label, url, bold, struck, italic } = match.groups ?? {};
    result += escapeMrkdwn(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (code !== undefined) result += code.replace(/[&<>]/g, (sign) => escapeCharacter(sign));
    else if (own !== undefined) result += own;
    else if (url !== undefined)
      result += `<${escapeMrkdwn(url)}|${escapeMrkdwn(label ?? "").replaceAll("|", "¦") || escapeMrkdwn(url)}>`;
    else if (bold !== undefined) result += `*${convertInline(bold)}*`;
    else if (struck !== undefined) result += `~${convertInline(struck)}~`;
    else result += `_${convertInline(italic ?? "")}_`;
  }
  return result + escapeMrkdwn(text.slice(end));
}

function escapeCharacter(sign: string): string {
  return sign === "&" ? "&amp;" : sign === "<" ? "&lt;" : "&gt;";
}

/** Returns the text of a heading without the number signs that may close it, and without bold markup. */
function toTitle(heading: string): string {
  return heading
    .replace(/(?<!#)#+$/, "")
    .replace(/(?<![ \t])[ \t]+$/, "")
    .replace(/^[ \t]+/, "")
    .replaceAll(/\*\*|__/g, "");
}

/**
 * Converts Markdown to Slack's mrkdwn: headings become bold, list items become bullets, and inline markup is translated
 * (CH-174).
 */
export function toSlackMrkdwn(markdown: string): string {
  // Fenced code keeps its lines. Everything else is first converted line by line.
  return markdown
    .split(/(```[\s\S]*?```)/)
    .map((part, index) => {
      if (index % 2 === 1) return convertInline(part);
      const lines = part
        .replace(/^#{1,6}[ \t](.*)/gm, (_all, heading: string) => `**${toTitle(heading)}**`)
        .replace(/^([ \t]*)[-*+][ \t]+/gm, "$1• ");
      return convertInline(lines);
    })
    .join("");
}
