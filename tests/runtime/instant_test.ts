import { expect, test } from "bun:test";
import { instantMillis, instantText, secondText } from "../../lib/runtime/instant.ts";

test("instants are RFC 3339 in UTC and read back as written", () => {
  expect(instantText(0)).toBe("1970-01-01T00:00:00.000Z");
  expect(instantText(951_782_399_999)).toBe("2000-02-28T23:59:59.999Z");
  expect(secondText(951_782_400_999)).toBe("2000-02-29T00:00:00Z");
  expect(instantMillis(instantText(1_795_421_498_700))).toBe(1_795_421_498_700);
});
