/** Access lists whose order matters, as sets of addresses. */
import { describe, expect, test } from "bun:test";
import { common, networkText, parseNetwork, permitted, type Rule } from "../../lib/import/networks.ts";

function rules(...lines: string[]): Rule[] {
  return lines.map((line) => {
    const [kind, network] = line.split(" ");
    return { isPermit: kind === "permit", network: parseNetwork(network!)! };
  });
}

describe("networks", () => {
  const cases: [written: string, read: string | undefined][] = [
    ["192.168.1.20", "192.168.1.20"],
    ["192.168.1.20/24", "192.168.1.0/24"],
    ["10.1.2.3/255.0.0.0", "10.0.0.0/8"],
    ["0.0.0.0/0.0.0.0", "0.0.0.0/0"],
    ["::/0", "::/0"],
    ["fd00::1", "fd00::1"],
    ["[fd00::1]", "fd00::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:1:2:3:4:5:6/64", "2001:db8:1:2::/64"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"],
    ["192.168.1.0/33", undefined],
    ["192.168.1.0/255.0.255.0", undefined],
    ["192.168.1.1:5060", undefined],
    ["phone.example", undefined],
    ["", undefined],
  ];
  for (const [written, read] of cases) {
    test(`"${written}" is ${read ?? "none"}`, () => {
      const network = parseNetwork(written);
      expect(network === undefined ? undefined : networkText(network)).toBe(read);
    });
  }
});

describe("the last rule that fits decides", () => {
  const cases: [title: string, rules: Rule[], permitted: string[]][] = [
    ["no rule lets everybody in", rules(), ["0.0.0.0/0", "::/0"]],
    ["deny, then permit", rules("deny 0.0.0.0/0", "permit 10.0.0.0/8"), ["10.0.0.0/8", "::/0"]],
    ["permit, then deny all", rules("permit 10.0.0.0/8", "deny 0.0.0.0/0", "deny ::/0"), []],
    ["a hole in what is permitted", rules("deny 0.0.0.0/0", "deny ::/0", "permit 10.0.0.0/29", "deny 10.0.0.3"), [
      "10.0.0.0/31",
      "10.0.0.2",
      "10.0.0.4/30",
    ]],
    [
      "a hole in the hole",
      rules("deny ::/0", "deny 0.0.0.0/1", "deny 128.0.0.0/1", "permit 128.0.0.0/1", "deny 192.0.0.0/2"),
      [
        "128.0.0.0/2",
      ],
    ],
  ];
  for (const [title, list, networks] of cases) {
    test(title, () => expect(permitted(list).map(networkText)).toEqual(networks));
  }

  test("two lists let in what both let in", () => {
    const lan = permitted(rules("deny 0.0.0.0/0", "deny ::/0", "permit 192.168.0.0/16", "permit 10.0.0.1"));
    const room = permitted(rules("deny 0.0.0.0/0", "permit 192.168.7.0/24"));
    expect(common(lan, room).map(networkText)).toEqual(["192.168.7.0/24"]);
  });
});
