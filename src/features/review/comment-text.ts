import type { DataFilter } from "../../comparison/personal-data-filter.js";
import { formatRecipient, type RecipientReference } from "../../domain/recipient/recipient.js";
import { escapeInvisible } from "../../output/escape-invisible.js";
import { formatCode, formatCodeCell, formatHtmlCode, formatSentence } from "../../output/markdown.js";
import { formatLocation } from "./describe-review.js";
import type { MessageDifference } from "./review-report-schema.js";

/** Limits texts of a comment, in UTF-16 code units. */
const MAX_NAME_LENGTH = 120;
const MAX_SENTENCE_LENGTH = 400;
const MAX_LINE_LENGTH = 200;

const shorten = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);
const shortenName = (text: string): string => shorten(escapeInvisible(text), MAX_NAME_LENGTH);

/**
 * Writes texts of a review into a comment. Personal data is replaced, and everything that comes from data or files is
 * code, in which code hosts look for no mentions, links and references.
 */
export class CommentText {
  constructor(private readonly filter: DataFilter) {}

  /** Returns the name of something in the repository, such as a workflow or a file. */
  name = (text: string): string => formatCode(shortenName(text));

  nameCell = (text: string): string => formatCodeCell(shortenName(text));

  htmlName = (text: string): string => formatHtmlCode(shortenName(text));

  /** Returns a text of data, such as the title of a message. */
  data = (text: string): string => this.name(this.filter.filterText(text));

  recipient = (recipient: RecipientReference): string =>
    this.name(formatRecipient(this.filter.filterRecipient(recipient)));

  sentence = (text: string): string => formatSentence(shorten(this.filter.filterText(text), MAX_SENTENCE_LENGTH));

  htmlSentence = (text: string): string =>
    formatSentence(shorten(this.filter.filterText(text), MAX_SENTENCE_LENGTH), formatHtmlCode);

  /** Returns a line for a block of code. */
  line = (text: string): string => shorten(this.filter.filterText(text), MAX_LINE_LENGTH);

  /** Returns a text before it is compared. The filter replaces a value that lines would split. */
  text = (text: string | null): string | null => (text === null ? null : this.filter.filterText(text));

  /** Returns a change of a file in words, which quote the file. */
  cause = ({ text, location }: NonNullable<MessageDifference["cause"]>): string =>
    `${formatCode(shorten(escapeInvisible(this.filter.filterText(text)), MAX_SENTENCE_LENGTH))}${location === null ? "" : ` (${this.name(formatLocation(location))})`}`;
}
