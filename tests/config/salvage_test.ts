/** What can be had of a configuration that is wrong. */
import { describe, expect, test } from "bun:test";
import { salvageConfig } from "../../lib/config/salvage.ts";

const right = `[server]
realm = "office"

[[listen]]
transport = "udp"
bind = "127.0.0.1:5070"

[http]
bind = "127.0.0.1:8090"

[endpoints.alice]
[contexts.default.hints]
1000 = "PJSIP/alice"
`;

describe("salvageConfig", () => {
  test("keeps where hintd is reached, and nobody who could reach it", () => {
    const { server, listen, http, endpoints, contexts } = salvageConfig(right);
    expect(server.realm).toBe("office");
    expect(listen.map(({ transport, bind }) => [transport, bind])).toEqual([["udp", "127.0.0.1:5070"]]);
    expect(http.bind).toBe("127.0.0.1:8090");
    expect([Object.keys(endpoints), Object.keys(contexts)]).toEqual([[], []]);
  });

  test.each([
    ["a broken line", right.replace('realm = "office"', "realm = office")],
    ["a broken table", right.replace("[endpoints.alice]", "[endpoints.alice")],
    ["broken lines in a row", right.replace("[endpoints.alice]", "<<<<<<< mine\n=======\n>>>>>>> theirs")],
    ["an option that is refused", right.replace('realm = "office"', "realm = 7")],
    ["a text that does not end", `${right}1001 = """PJSIP/alice\n\n`],
  ])("is not led astray by %s", (_, text) => {
    const { listen, http } = salvageConfig(text);
    expect([listen[0]!.bind, http.bind]).toEqual(["127.0.0.1:5070", "127.0.0.1:8090"]);
  });

  test.each([["an empty text", ""], ["no text at all", "\u0000\u0001\n".repeat(1_000)]])(
    "has the usual addresses for %s",
    (_, text) => {
      const { listen, http } = salvageConfig(text);
      expect(listen.map(({ transport, bind }) => `${transport} ${bind}`)).toEqual([
        "udp 0.0.0.0:5060",
        "tcp 0.0.0.0:5060",
      ]);
      expect(http.bind).toBe("127.0.0.1:8080");
    },
  );

  test("keeps a page without a password from the network, on its port", () => {
    expect(salvageConfig('[http]\nbind = "0.0.0.0:8090"\n').http.bind).toBe("127.0.0.1:8090");
  });
});
