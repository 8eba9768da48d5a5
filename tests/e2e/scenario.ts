/** Writes scenarios for sipp step by step, for flows whose messages differ in a header or two. */

/** A request that sipp sends. */
export type SentRequest = {
  method: "REGISTER" | "PUBLISH";
  /** User of From. */
  from: string;
  /** User of Request-URI and To; `from` by default. */
  to?: string;
  /** The one before in the same conversation, plus one, by default. */
  cseq?: number;
  /** Requests with other words here have other Call-IDs. */
  conversation?: string;
  headers?: readonly string[];
  body?: string;
};

/** What is expected of a message. */
export type Expected = {
  /** What it must have and must not have: POSIX extended expressions, in which `.` is any character, newlines too. */
  holds?: readonly string[];
  lacks?: readonly string[];
  /** Headers whose values are kept, by the name they are kept under. */
  keeps?: Readonly<Record<string, string>>;
};

/** Text for an attribute; sipp looks for the end of a tag without regard to quotes. */
function attribute(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** One conversation of a phone with hintd, in order: what sipp sends, and what it must hear. */
export class Scenario {
  readonly #steps: string[] = [];
  readonly #sequences = new Map<string, number>();
  readonly #variables = new Set<string>();

  /** Sends a request; `[$name]` in it stands for what `answered` kept. */
  send({ method, from, to = from, cseq, conversation = "phone", headers = [], body = "" }: SentRequest): this {
    const sequence = cseq ?? (this.#sequences.get(conversation) ?? 0) + 1;
    this.#sequences.set(conversation, sequence);
    const user = method === "REGISTER" ? "" : `${to}@`;
    const lines = [
      `${method} sip:${user}[remote_ip]:[remote_port] SIP/2.0`,
      "Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]",
      ...headers.filter((line) => line.startsWith("Via:")),
      "Max-Forwards: 70",
      `From: <sip:${from}@[remote_ip]>;tag=${conversation}-[pid]-[call_number]`,
      `To: <sip:${to}@[remote_ip]>`,
      // sipp finds the scenario of a message by what follows the slashes.
      `Call-ID: ${conversation}-${method}///[call_id]`,
      `CSeq: ${sequence} ${method}`,
      ...headers.filter((line) => !line.startsWith("Via:")),
      `Content-Length: ${body === "" ? "0" : "[len]"}`,
      "",
      body,
    ];
    return this.#add(`<send retrans="500"><![CDATA[\n${lines.join("\n")}\n]]></send>`);
  }

  /** Expects a challenge, which `[authentication …]` answers from now on. */
  challenged(): this {
    return this.#add(this.#receive('response="401" auth="true"'));
  }

  /** Expects a response. */
  answered(status: number, expected: Expected = {}): this {
    return this.#add(this.#receive(`response="${status}"`, expected));
  }

  /** Waits until watchers have been told, which would else be told of this change and the next at once. */
  settle(): this {
    return this.pause(250);
  }

  /** Waits. */
  pause(millis: number): this {
    return this.#add(`<pause milliseconds="${millis}" />`);
  }

  /** The scenario as sipp reads it. */
  get xml(): string {
    // sipp complains of variables that nobody reads, and of those that nobody sets.
    const variables = [...this.#variables];
    return [
      `<?xml version="1.0" encoding="UTF-8"?>`,
      `<scenario name="flow">`,
      ...this.#steps,
      ...(variables.length === 0 ? [] : [`<Reference variables="${variables.join(",")}" />`]),
      "</scenario>",
    ].join("\n");
  }

  #receive(what: string, { holds = [], lacks = [], keeps = {} }: Expected = {}): string {
    const search = (expression: string, rest: string) => `<ereg regexp="${attribute(expression)}" ${rest} />`;
    if (holds.length + lacks.length > 0) this.#variables.add("seen");
    for (const name of Object.keys(keeps)) this.#variables.add(name);
    const actions = [
      ...holds.map((each) => search(each, 'search_in="msg" check_it="true" assign_to="seen"')),
      ...lacks.map((each) => search(each, 'search_in="msg" check_it_inverse="true" assign_to="seen"')),
      ...Object.entries(keeps).map(([name, header]) =>
        search("[^ ]+", `search_in="hdr" header="${header}:" check_it="true" assign_to="${name}"`)
      ),
    ];
    return `<recv ${what} timeout="8000"><action>${actions.join("")}</action></recv>`;
  }

  #add(step: string): this {
    this.#steps.push(step);
    return this;
  }
}
