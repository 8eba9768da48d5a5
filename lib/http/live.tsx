/** @jsxImportSource hono/jsx */
/**
 * Owns GET /live: keeps open pages true by sending them the elements that changed, rendered as the page renders them.
 *
 * 1. Each event marks what it touches. 2. Touched lamps go out after 50 ms, four times a second at most, sections once, so
 * a storm costs few renderings however many pages are open. 3. Hints that came or went mean `refresh`: the page fetches itself.
 * 4. Problems that nobody tells of are looked at every two seconds; charts go out every ten, as their samples come.
 */
import type { Clock, Millis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import { TimerEntry, type Timers } from "../runtime/timers.ts";
import type { Access, Caller } from "./access.ts";
import type { ControlEvent, Controls } from "./controls.ts";
import { EventChannel, eventText } from "./event_channel.ts";
import type { EventHistory } from "./event_history.ts";
import { tooManyListeners } from "./events.ts";
import { Charts } from "./page/charts.tsx";
import { LampCard, lampId } from "./page/lamp.tsx";
import { Endpoints, Legend, Problems, Subscriptions } from "./page/sections.tsx";
import { Lists, Mailboxes, Publications } from "./page/services.tsx";
import { namesOf, subscriptionsShown } from "./page/status_page.tsx";

const LAMP_DELAY_MILLIS = 50;
const LAMP_SPACING_MILLIS = 250;
const SECTION_DELAY_MILLIS = 1_000;
/** What nobody tells of is looked at this often: problems that are worked out when somebody asks. */
const LOOK_MILLIS = 2_000;
const CHARTS_MILLIS = 10_000;

type Section = "problems" | "legend" | "endpoints" | "subscriptions" | "services";

/** What must be sent. */
interface Touched {
  isPageStale: boolean;
  /** By element id: context and extension. */
  readonly lamps: Map<string, { context: string; exten: string }>;
  readonly sections: Set<Section>;
}

/** Parts of LivePages. */
export interface LiveParts {
  /** What is shown and acted on. */
  readonly controls: Controls;
  /** The recent events. */
  readonly history: EventHistory;
  /** Who may do what. */
  readonly access: Access;
  /** What drives delays and heartbeats. */
  readonly timers: Timers;
  /** Source of time. */
  readonly clock: Clock;
}

/** The open pages. */
export class LivePages {
  readonly #parts: LiveParts;
  readonly #channel: EventChannel;
  readonly #touched = nothingTouched();
  readonly #lampTimer = new TimerEntry({ timerFired: () => this.#sendLamps() });
  readonly #sectionTimer = new TimerEntry({ timerFired: () => this.#sendSections() });
  readonly #lookTimer = new TimerEntry({ timerFired: () => this.#look() });
  readonly #chartsTimer = new TimerEntry({ timerFired: () => this.#sendCharts() });
  #lampsSentAt: Millis = -Infinity;
  /** The problems as they were sent last; "" when a page may show others. */
  #problemsSent = "";

  /** Sends nothing until a page is open. */
  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#channel = new EventChannel(parts.timers);
  }

  /**
   * Opens the stream of a page that shows everything up to event `since`, beginning with what it missed.
   *
   * Throws a Problem 503 when there are too many.
   */
  open(since: string, caller: Caller): Response {
    if (this.#channel.isFull) throw tooManyListeners();
    if (!this.#lookTimer.isArmed) this.#parts.timers.arm(this.#lookTimer, LOOK_MILLIS);
    if (!this.#chartsTimer.isArmed) this.#parts.timers.arm(this.#chartsTimer, CHARTS_MILLIS);
    this.#problemsSent = "";
    const entries = this.#parts.history.after(since);
    const missed = nothingTouched();
    if (entries === undefined) missed.isPageStale = true;
    else for (const { event } of entries) touch(missed, event);
    const first = this.#lampText(missed) + this.#sectionText(missed);
    return this.#channel.open(first, () => this.#parts.access.mayListen(caller));
  }

  /** Takes note of `event`; sends soon. */
  receive(event: ControlEvent): void {
    if (this.#channel.clientCount === 0) return;
    touch(this.#touched, event);
    const { timers } = this.#parts;
    if (!this.#sectionTimer.isArmed) timers.arm(this.#sectionTimer, SECTION_DELAY_MILLIS);
    if (this.#touched.lamps.size === 0 || this.#lampTimer.isArmed) return;
    const spacing = this.#lampsSentAt + LAMP_SPACING_MILLIS - timers.now();
    timers.arm(this.#lampTimer, Math.max(LAMP_DELAY_MILLIS, spacing));
  }

  /** Ends every stream. */
  close(): void {
    const { timers } = this.#parts;
    for (const each of [this.#lampTimer, this.#sectionTimer, this.#lookTimer, this.#chartsTimer]) timers.cancel(each);
    this.#channel.close();
  }

  #sendLamps(): void {
    this.#lampsSentAt = this.#parts.timers.now();
    this.#channel.send(this.#lampText(this.#touched));
    this.#touched.lamps.clear();
  }

  #sendSections(): void {
    this.#channel.send(this.#sectionText(this.#touched));
    this.#touched.isPageStale = false;
    this.#touched.sections.clear();
  }

  #look(): void {
    const { controls, clock, timers } = this.#parts;
    if (this.#channel.clientCount === 0) return;
    timers.arm(this.#lookTimer, LOOK_MILLIS);
    const problems = controls.problems();
    // Ages on the page grow by themselves: what counts is what happened.
    const shown = JSON.stringify(problems.map(({ last_at: _, ...row }) => row));
    if (this.#problemsSent === shown) return;
    this.#problemsSent = shown;
    this.#channel.send(this.#element("problems", <Problems problems={problems} wall={clock.wall()} />));
  }

  #sendCharts(): void {
    const { controls, timers } = this.#parts;
    if (this.#channel.clientCount === 0) return;
    timers.arm(this.#chartsTimer, CHARTS_MILLIS);
    this.#channel.send(this.#element("charts", <Charts history={controls.history()} />));
  }

  #lampText({ lamps, isPageStale }: Touched): string {
    if (isPageStale) return "";
    const wall = this.#parts.clock.wall();
    let text = "";
    for (const [id, { context, exten }] of lamps) {
      const hint = this.#parts.controls.hint(context, exten);
      if (hint !== undefined) text += this.#element(id, <LampCard hint={hint} wall={wall} />);
    }
    return text;
  }

  #sectionText({ sections, isPageStale }: Touched): string {
    const { controls, clock, history } = this.#parts;
    if (isPageStale) return eventText("refresh", "{}", history.lastId);
    const wall = clock.wall();
    const hints = sections.has("legend") || sections.has("subscriptions") ? controls.hints() : [];
    let text = "";
    if (sections.has("problems")) {
      text += this.#element("problems", <Problems problems={controls.problems()} wall={wall} />);
    }
    if (sections.has("legend")) text += this.#element("legend", <Legend hints={hints} />);
    if (sections.has("endpoints")) {
      text += this.#element("endpoints", <Endpoints endpoints={controls.endpoints()} wall={wall} />);
    }
    if (sections.has("subscriptions")) {
      const rows = <Subscriptions {...subscriptionsShown(controls)} names={namesOf(hints)} wall={wall} />;
      text += this.#element("subscriptions", rows);
    }
    if (sections.has("services")) {
      const publications = { inbound: controls.publications(), outbound: controls.outboundPublications() };
      text += this.#element("lists", <Lists lists={controls.lists()} />);
      text += this.#element("publications", <Publications {...publications} wall={wall} />);
      text += this.#element("mailboxes", <Mailboxes mailboxes={controls.mailboxes()} wall={wall} />);
    }
    return text;
  }

  #element(id: string, node: unknown): string {
    return eventText("element", JSON.stringify({ id, html: String(node) }), this.#parts.history.lastId);
  }
}

function nothingTouched(): Touched {
  return { isPageStale: false, lamps: new Map(), sections: new Set() };
}

/** Marks what `event` touches on the page. */
function touch(touched: Touched, event: ControlEvent): void {
  switch (event.type) {
    case "hint":
      if (event.change !== "changed" || touched.lamps.size > limits.touchedLampCount) touched.isPageStale = true;
      else touched.lamps.set(lampId(event.item), event.item);
      touched.sections.add("legend").add("subscriptions").add("services");
      break;
    case "subscription":
      touched.sections.add("subscriptions").add("endpoints").add("services");
      break;
    case "device-state":
    case "contact":
      touched.sections.add("endpoints").add("services");
      break;
    case "problem":
      touched.sections.add("problems");
      break;
    case "reload":
      touched.isPageStale = true;
      break;
    case "presence-state":
    case "mailbox":
      touched.sections.add("services");
      break;
  }
}
