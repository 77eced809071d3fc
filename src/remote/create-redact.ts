import { redactText } from "../util/redact-secrets.js";

export type Redact = (text: string) => string;

const MAX_TEXT_LENGTH = 2_000;

/**
 * Returns a function that makes a server's text safe to show: it removes the API key, which a server may echo, and anything
 * else in the form of a key. Control characters, which could affect a terminal, become spaces.
 */
export function createRedact(apiKey: string): Redact {
  return (text) => {
    let redacted = redactText(text, [apiKey]);
    redacted = redacted.replace(/\b(sk|pk|knock_st)_[\w-]{8,}/g, "$1_[redacted]");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove.
    redacted = redacted.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
    return redacted.length > MAX_TEXT_LENGTH ? `${redacted.slice(0, MAX_TEXT_LENGTH)}…` : redacted;
  };
}
