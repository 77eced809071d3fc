import { KnockError } from "../errors/knock-error.js";

/** Throws `authentication` for a text that cannot be a key, before it is sent. The key itself is never shown. */
export function checkApiKey(key: string): void {
  if (key === "") {
    throw new KnockError("authentication", "no API key is set", {
      hint: "Set KNOCK_API_KEY, or run `knock auth login`.",
    });
  }
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new KnockError(
      "authentication",
      "the API key contains characters that are not allowed, such as a space or line break",
      {
        hint: "Check KNOCK_API_KEY or the profile for stray characters.",
      },
    );
  }
}

/** Throws `usage` for a value that an HTTP header cannot contain. */
export function checkHeaderValue(value: string, label: string): void {
  if (!/^[\x20-\x7e]*$/.test(value)) {
    throw new KnockError("usage", `the ${label} must contain only printable ASCII characters`);
  }
}
