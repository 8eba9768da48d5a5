/**
 * Owns the end of a turn of the event loop: what is done once for all that arrived in it, in a fixed order.
 *
 * Theory. Datagrams arrive in bursts, and the runtime drains microtasks after each one. What costs a system call or a flush of
 * the disk waits for the end of the burst instead: first everything is stored, then everybody is told, then the sockets
 * send. So one flush of the disk serves all requests of a turn, no answer leaves before what it promises is stored, and all
 * datagrams of a turn leave in one call.
 */

/** Steps of the end of a turn, in order; at the last of them all is done. */
export const TurnStep = { store: 0, tell: 1, send: 2, over: 3 } as const;

/** The turns of the host's event loop; `ending` as in `Turn`. */
export function systemTurn(ending?: () => void): Turn {
  return new Turn(setImmediate, ending);
}

/** Ends turns. */
export class Turn {
  readonly #schedule: (end: () => void) => void;
  readonly #jobs: (() => void)[][] = [[], [], [], []];
  readonly #ending: () => void;
  readonly #end = () => this.#run();
  #isDue = false;

  /**
   * @param schedule Calls back once, when the present burst is over.
   * @param ending Called before the first step.
   */
  constructor(schedule: (end: () => void) => void, ending: () => void = () => {}) {
    this.#schedule = schedule;
    this.#ending = ending;
  }

  /** Runs `job` once at `step` of this turn's end; of the next turn's, when that step has begun. */
  at(step: number, job: () => void): void {
    this.#jobs[step]!.push(job);
    if (this.#isDue) return;
    this.#isDue = true;
    this.#schedule(this.#end);
  }

  #run(): void {
    this.#ending();
    for (let step = 0; step < this.#jobs.length; step++) {
      const jobs = this.#jobs[step]!;
      if (jobs.length === 0) continue;
      this.#jobs[step] = [];
      for (const job of jobs) job();
    }
    this.#isDue = this.#jobs.some((jobs) => jobs.length > 0);
    if (this.#isDue) this.#schedule(this.#end);
  }
}
