/**
 * Random lives of a message lamp: counts change, phones come, go, subscribe, do not answer, the appliance is restarted. Once everybody
 * answers again, each phone has last been told the truth, and nothing is told twice.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { type MailboxCounts, noMessages, sumOfCounts } from "../../lib/state/mailbox_counts.ts";
import { Site } from "../support/site.ts";
import type { Phone, Received } from "../support/phone.ts";

const config = (isAggregate: boolean) => `
[server]
min_expiry = 0

[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[endpoints.alice]
match = ["192.0.2.10", "192.0.2.11"]
identify_by = ["ip"]
mailboxes = ["100", "101"]
aggregate_mwi = ${isAggregate}
max_contacts = 2
minimum_expiration = 1
sub_min_expiry = 0

[contexts.default]
`;

/** Old messages in mailbox 101, and never in the other one: so it is known by what is told of it. */
const OLD_IN_SECOND = 7;

const textOf = ({ new: fresh, old }: MailboxCounts) => `${fresh}/${old} (0/0)`;
const voice = ({ body }: Received) => /^Voice-Message: (.*)\r$/m.exec(body)![1]!;

/** A phone that answers probes and NOTIFYs as it is told to. */
class Lamp {
  readonly phone: Phone;
  notifyAnswer: string | undefined = "200 OK";
  isProbeAnswered = true;
  #sequence = 0;
  #callId = 0;
  #first: ReturnType<Phone["subscribe"]> | undefined;
  #toTag = "";

  constructor(readonly site: Site, host: string) {
    this.phone = site.phone(host);
    this.phone.onNotify = () => this.notifyAnswer;
    const receive = this.phone.receiveMessage.bind(this.phone);
    this.phone.receiveMessage = (...args) => {
      receive(...args);
      const last = this.phone.inbox.at(-1)!;
      if (last.method === "OPTIONS" && this.isProbeAnswered) this.phone.answer(last, "200 OK");
    };
  }

  get contact(): string {
    return `<sip:alice@${this.phone.address}:5060>`;
  }

  register(expires: number, isAnew = false): void {
    if (isAnew) this.#callId++;
    this.phone.subscribe({
      method: "REGISTER",
      exten: "alice",
      event: "",
      uri: "sip:192.0.2.1",
      callId: `${this.phone.address}-${this.#callId}`,
      sequence: ++this.#sequence,
      expires,
      contact: this.contact,
    });
  }

  async subscribe(): Promise<void> {
    this.#first = this.phone.subscribe({
      exten: "alice",
      event: "message-summary",
      contact: this.contact,
      sequence: ++this.#sequence,
      expires: 3_600,
    });
    await this.site.pass();
    this.#toTag = this.phone.inbox.findLast(({ status }) => status === 200)?.tag("To") ?? "";
  }

  unsubscribe(): void {
    if (this.#first === undefined) return;
    this.phone.again(this.#first, this.#toTag, { expires: 0, sequence: ++this.#sequence });
    this.#first = undefined;
  }

  /** A REGISTER may have been lost when the plug was pulled. */
  get isRegistered(): boolean {
    return this.site.core.registrar.contactsOf("alice").some(({ uri }) => uri.host === this.phone.address);
  }

  get isSubscribed(): boolean {
    const mine = `sip:alice@${this.phone.address}:5060`;
    return [...this.site.core.subscriptions.all()].some(({ dialog }) => dialog.remoteTarget === mine);
  }

  /** What was told, the newest last, each NOTIFY once. */
  get told(): Received[] {
    return [...new Map(this.phone.notifies.map((notify) => [notify.header("Via"), notify])).values()];
  }
}

const lamp = fc.nat({ max: 1 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("set"), box: fc.constantFrom("100", "101"), count: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("publish"), count: fc.option(fc.nat(3)) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("register", "anew", "leave", "subscribe", "unsubscribe"), lamp }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("answer"),
      lamp,
      answer: fc.constantFrom("200 OK", "480 Temporarily Unavailable", "500 Server Internal Error", undefined),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("probe"), lamp, isAnswered: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("pass"), millis: fc.constantFrom(0, 10, 700, 40_000, 200_000) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "restart" }) },
);

// deno-fmt-ignore
type Step = { do: string; box?: string; count?: number | null; lamp?: number; answer?: string | undefined; isAnswered?: boolean; millis?: number };

async function live(site: Site, lamps: readonly Lamp[], each: Step): Promise<void> {
  const one = lamps[each.lamp ?? 0]!;
  const { engine } = site.core;
  switch (each.do) {
    case "set":
      if (each.box === "101") return engine.setMailbox("101", { new: each.count!, old: OLD_IN_SECOND });
      return engine.setMailbox("100", each.count === 0 ? undefined : { new: each.count!, old: 1 });
    case "publish":
      return engine.setPublishedMailbox(
        "100",
        typeof each.count === "number" ? { new: each.count, old: 2 } : undefined,
      );
    case "register":
      return one.register(3_600);
    case "anew":
      return one.register(3_600, true);
    case "leave":
      return one.register(0);
    case "subscribe":
      return await one.subscribe();
    case "unsubscribe":
      return one.unsubscribe();
    case "answer":
      one.notifyAnswer = each.answer;
      return;
    case "probe":
      one.isProbeAnswered = each.isAnswered!;
      return;
    case "pass":
      return await site.pass(each.millis!);
    case "restart":
      return await site.restart();
  }
}

for (const isAggregate of [true, false]) {
  test(`in the end every phone shows what is true, ${isAggregate ? "the sum" : "mailbox by mailbox"}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const site = await Site.start(config(isAggregate));
        site.core.engine.setMailbox("101", { new: 0, old: OLD_IN_SECOND });
        const lamps = ["192.0.2.10", "192.0.2.11"].map((host) => new Lamp(site, host));
        for (const each of steps) await live(site, lamps, each as Step);

        for (const each of lamps) {
          each.notifyAnswer = "200 OK";
          each.isProbeAnswered = true;
        }
        await site.pass(1_300_000);
        const [first, second] = ["100", "101"].map((box) => site.core.engine.devices.mailboxOf(box) ?? noMessages);
        const texts = { first: textOf(first!), second: textOf(second!), sum: textOf(sumOfCounts([first!, second!])) };
        for (const each of lamps) {
          const unsolicited = each.told.filter((notify) => notify.header("Subscription-State") === "terminated");
          if (each.isSubscribed) expect(voice(each.told.at(-1)!)).toBe(texts.sum);
          else if (each.isRegistered && isAggregate) expect(voice(unsolicited.at(-1)!)).toBe(texts.sum);
          else if (each.isRegistered) {
            const ofSecond = (text: string) => text.includes(`/${OLD_IN_SECOND} `);
            const voices = unsolicited.map(voice);
            expect(voices.findLast((text) => !ofSecond(text))).toBe(texts.first);
            expect(voices.findLast(ofSecond)).toBe(texts.second);
          }
        }

        // Quiet now: time alone brings nothing.
        const before = lamps.map(({ phone }) => phone.notifies.length);
        await site.pass(200_000);
        expect(lamps.map(({ phone }, i) => phone.notifies.length - before[i]!)).toEqual([0, 0]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
}
