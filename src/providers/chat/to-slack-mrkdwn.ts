/**
 * What has a meaning of its own inside a line: code, Slack's own `<@U1>` and links, Markdown's links, bold, struck out,
 * italic. The named groups say which it is. Spans are bounded: a text of nothing but opening marks is not searched to its end
 * for each of them.
 */
const INLINE_TOKEN =
  /(?<code>```[\s\S]*?```|`[^`\n]+`)|(?<own><(?:[@#!]|https?:|mailto:)[^<>\n]+>)|!?\[(?<label>[^\][\n]*)\]\((?<url>[^()\s]+)(?:\s+"[^"\n]*")?\)|(?<b>\*\*|__)(?=\S)(?<bold>[^\n]{0,2000}?\S)\k<b>(?![*_])|~~(?=\S)(?<struck>[^\n]{0,2000}?\S)~~|(?<![\w*])\*(?=[^\s*])(?<italic>[^*\n]{0,2000}?)(?<=\S)\*(?![\w*])/g;

/** The three characters that Slack reads; a `>` that begins a quotation is one there, too. */
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
    const { code, own, label, url, bold, struck, italic } = match.groups as Record<string, string | undefined>;
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

/** Markdown as Slack's mrkdwn (CH-174): headings become bold, list items bullets, the rest what it is called there. */
export function toSlackMrkdwn(markdown: string): string {
  // Fenced code keeps its lines; everything else is looked at line by line first.
  return markdown
    .split(/(```[\s\S]*?```)/)
    .map((part, index) => {
      if (index % 2 === 1) return convertInline(part);
      const lines = part
        .replace(/^#{1,6}[ \t]+(.*?)[ \t]*#*$/gm, (_all, title: string) => `**${title.replace(/\*\*|__/g, "")}**`)
        .replace(/^([ \t]*)[-*+][ \t]+/gm, "$1• ");
      return convertInline(lines);
    })
    .join("");
}
