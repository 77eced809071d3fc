import { afterAll, beforeAll } from "vitest";
import { PAGE_LIMITS } from "../../src/domain/page/page-bytes.js";

/** The limit of a page in tests of lists: all code compares with the same limit, and texts of 16 MB take seconds. */
export const SMALL_PAGE_BYTES = 256 * 1024;

/** Lowers the limit of bytes of a page for the tests of a file or suite. */
export function useSmallPages(): void {
  const { bytes } = PAGE_LIMITS;
  beforeAll(() => {
    PAGE_LIMITS.bytes = SMALL_PAGE_BYTES;
  });
  afterAll(() => {
    PAGE_LIMITS.bytes = bytes;
  });
}
