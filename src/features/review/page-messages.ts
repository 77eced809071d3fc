import { type DiffLine, diffTexts } from "../../comparison/diff-texts.js";
import { formatRecipient } from "../../domain/recipient/recipient.js";
import { escapeHtml } from "../../output/escape-html.js";
import { escapeInvisible } from "../../output/escape-invisible.js";
import { formatContent } from "../../output/format-content.js";
import { formatTime } from "../../output/format-time.js";
import { filterObjects, type JsonObject } from "../../util/json.js";
import {
  type ExampleGroup,
  formatLocation,
  formatMessages,
  formatNames,
  formatQuantity,
  formatReason,
  groupExamples,
} from "./describe-review.js";
import type { MessageDifference } from "./review-report-schema.js";

type Message = NonNullable<ExampleGroup["example"]["before"]>;

/** Limits the messages of a page, in UTF-16 code units of their content. Browsers open larger pages slowly. */
const MAX_MESSAGES_LENGTH = 20_000_000;
const MAX_NAMES = 8;
/** Limits the lines of a field that differ. */
const MAX_LINES = 1_000;

/** The policy of a message in a frame: no scripts, no remote images, no forms. */
const FRAME_HEAD = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'">`;
const FEED_STYLE = `<style>:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; } body { margin: 16px; overflow-wrap: anywhere; }</style>`;

/** Escapes a text for the page. Invisible characters are shown, so that what differs can be seen. */
export const toHtml = (text: string): string =>
  text
    .split("\n")
    .map((line) => escapeHtml(escapeInvisible(line.replaceAll("\t", "    "))))
    .join("\n");

export const toCode = (text: string): string => `<code>${toHtml(text)}</code>`;

/** Returns the HTML of an item of a feed: its texts, which the service renders, and the labels of its buttons. */
function buildFeedHtml(content: JsonObject): string {
  return filterObjects(content.blocks)
    .map(({ rendered, buttons }) => {
      if (typeof rendered === "string") return rendered;
      const labels = filterObjects(buttons).map(({ label }) => `<button disabled>${toHtml(String(label))}</button>`);
      return `<p>${labels.join(" ")}</p>`;
    })
    .join("\n");
}

function buildFrame(html: string, title: string, style = ""): string {
  const frame = `<iframe sandbox="" loading="lazy" title="${title}" srcdoc="${escapeHtml(FRAME_HEAD + style)}${escapeHtml(html)}"></iframe>`;
  return `<div class="frame${style === "" ? "" : " plain"}" tabindex="0" role="group" aria-label="${title}">${frame}</div>`;
}

function buildContent({ content }: Message, title: string): string {
  const { html_body: html } = content;
  if (typeof html === "string" && html !== "") return buildFrame(html, title);
  if (content.__typename === "MessageInAppFeedContent") return buildFrame(buildFeedHtml(content), title, FEED_STYLE);
  const lines = formatContent(content).map(([name, text]) => `<dt>${toHtml(name)}</dt><dd>${toHtml(text)}</dd>`);
  return `<dl class="text">${lines.join("")}</dl>`;
}

const MARKS: Readonly<Record<DiffLine["kind"], string>> = { added: "+ ", removed: "- ", same: "  ", gap: "  " };
const ELEMENTS: Readonly<Record<DiffLine["kind"], string>> = {
  added: "ins",
  removed: "del",
  same: "span",
  gap: "span",
};

function buildField({ field, before, after }: ExampleGroup["example"]["fields"][number]): string {
  const differing = diffTexts(before, after);
  const lines = differing
    .slice(0, MAX_LINES)
    .map(({ kind, text }) => `<${ELEMENTS[kind]}>${toHtml(`${MARKS[kind]}${text}`)}</${ELEMENTS[kind]}>`);
  if (differing.length > MAX_LINES)
    lines.push(`<span>… ${formatQuantity(differing.length - MAX_LINES, "more line")}</span>`);
  return `<h3>${toHtml(field)}</h3><pre>${lines.join("")}</pre>`;
}

/** Builds the lists of lost, gained and changed messages. */
export class MessageList {
  private room = MAX_MESSAGES_LENGTH;
  /** The number of messages that did not fit. */
  hidden = 0;

  build(difference: MessageDifference, isOpen: boolean): string {
    const { kind, step, reason, cause, recipients, examples } = difference;
    const facts = [
      ["Recipients", toHtml(formatNames(recipients.map(formatRecipient), recipients.length, MAX_NAMES))],
      ...(reason === null ? [] : [[kind === "lost" ? "Not sent" : "Not sent before", toHtml(formatReason(reason))]]),
      ...(cause === null ? [] : [["Cause", this.buildCause(cause)]]),
    ].map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`);
    const label = { lost: "Lost", gained: "Gained", changed: "Changed" }[kind];
    const shown = kind === "changed" ? groupExamples(examples) : groupExamples(examples.slice(0, 1));
    return `<details class="item ${kind}"${isOpen ? " open" : ""}>
<summary><span class="badge kind">${label}</span> <strong>${toHtml(formatMessages(difference))}</strong> ${toCode(step)}</summary>
<div><dl class="facts">${facts.join("")}</dl>
${shown.map((group) => this.buildExample(group, kind)).join("\n")}</div>
</details>`;
  }

  private buildCause({ text, location }: NonNullable<MessageDifference["cause"]>): string {
    return `${toHtml(text)}${location === null ? "" : ` <code class="muted">${toHtml(formatLocation(location))}</code>`}`;
  }

  private buildExample({ example, recipients }: ExampleGroup, kind: MessageDifference["kind"]): string {
    const { before, after, fields, trigger } = example;
    const length = JSON.stringify([before, after, fields]).length;
    if (length > this.room) {
      this.hidden++;
      return "";
    }
    this.room -= length;
    const names = formatNames(recipients.map(formatRecipient), recipients.length, MAX_NAMES);
    const source = trigger === null ? "" : `, ${toHtml(trigger)}`;
    const heading = kind === "changed" ? `<p><b>${toHtml(names)}</b><span class="muted">${source}</span></p>` : "";
    const sides = [
      ...(before === null ? [] : [this.buildSide("Before", before)]),
      ...(after === null ? [] : [this.buildSide("After", after)]),
    ];
    return `<article>${heading}
<div class="sides${sides.length === 1 ? " one" : ""}">${sides.join("\n")}</div>
${fields.map(buildField).join("\n")}</article>`;
  }

  private buildSide(label: "Before" | "After", message: Message): string {
    const { channel, tenant, at, title } = message;
    const facts = [channel.key, ...(tenant === null ? [] : [`tenant ${tenant}`]), formatTime(at, "utc")].join(" · ");
    const name = `${label}: ${toHtml(title === "" ? "message" : title)}`;
    return `<figure><figcaption><b>${label}</b>${toHtml(title)} <span class="muted">${toHtml(facts)}</span></figcaption>
${buildContent(message, name)}</figure>`;
  }

  /** Returns how many messages did not fit. */
  describeHidden(): string[] {
    return this.hidden === 0 ? [] : [`${formatQuantity(this.hidden, "example")} did not fit into this page.`];
  }
}
