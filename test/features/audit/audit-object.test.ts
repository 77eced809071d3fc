import { describe, expect, it } from "vitest";
import { RecipientReader } from "../../../src/comparison/read-account-recipients.js";
import { type RecipientReference, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { findReach } from "../../../src/features/audit/audit-object.js";
import type { ResourceOperations } from "../../../src/ports/resource-operations.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";
import { catchRejection } from "../../helpers/catch-error.js";

const team = (id: string) => ({ collection: "teams", id });
const OBJECT = toRecipientKey(team("a"));
const onPage = async (): Promise<void> => {};

/** Returns a reader that gives each object these subscribers, one on each page. */
function createReader(subscribers: Record<string, RecipientReference[]>): { reader: RecipientReader; pages: string[] } {
  const pages: string[] = [];
  const subscriptions = {
    list: async ({ object }: { object: { id: string } }, { after = "0" }) => {
      pages.push(`${object.id} ${after}`);
      const all = subscribers[object.id] ?? [];
      const next = Number(after) + 1;
      const page_info = { after: next < all.length ? String(next) : null, before: null, page_size: 1 };
      return { items: all.slice(next - 1, next).map((recipient) => ({ recipient, properties: {} })), page_info };
    },
  };
  const resources = { subscriptions } as unknown as ResourceOperations;
  return { reader: new RecipientReader(resources, parseEnvironment({}, "environment.json")), pages };
}

describe("findReach", () => {
  it("E-056 E-057 E-058 finds each subscriber once, in two levels", async () => {
    const subscribers = {
      a: ["ada", team("b"), "bo"],
      b: ["ada", team("c"), team("a"), "cy"],
      c: ["deep"],
    };
    const reach = await findReach(createReader(subscribers).reader, OBJECT, { maxRecipients: 10, onPage });
    expect(reach).toEqual({
      object: OBJECT,
      users: ["ada", "bo", "cy"].map(toRecipientKey),
      objects: [OBJECT, toRecipientKey(team("b")), toRecipientKey(team("c"))],
    });
  });

  it("reports each page, and reads no further one after the maximum number of recipients", async () => {
    const { reader, pages } = createReader({ a: ["ada", "bo", "cy", "deep"] });
    const counts: number[] = [];
    const onPage = async (count: number): Promise<void> => void counts.push(count);
    expect(await catchRejection(findReach(reader, OBJECT, { maxRecipients: 2, onPage }))).toMatchObject({
      code: "usage",
      message: "more than 2 recipients to read",
    });
    expect(pages).toEqual(["a 0", "a 1"]);
    expect(counts).toEqual([1, 2]);
  });
});
