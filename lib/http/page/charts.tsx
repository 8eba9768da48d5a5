/** @jsxImportSource hono/jsx */
/**
 * Owns the charts of the last hour: drawn as SVG by the server, with their numbers as words for who does not see them.
 */
import type { HistoryRow } from "../controls.ts";

/** Columns of a chart; each is the highest of the samples in it. */
const COLUMN_COUNT = 120;
const HEIGHT = 48;
/** Samples of an hour. */
const HOUR_COUNT = 360;

/** A number of a sample. */
type Field = Exclude<keyof HistoryRow, "at">;

/** One chart: an area, and perhaps a line that tells of trouble or of the slowest. */
interface Chart {
  readonly title: string;
  readonly unit: "per second" | "ms";
  readonly main: Field;
  readonly second?: { readonly field: Field; readonly word: string; readonly tone: "trouble" | "slow" };
}

const charts: readonly Chart[] = [
  {
    title: "Requests of phones",
    unit: "per second",
    main: "requests_per_second",
    second: { field: "refusals_per_second", word: "refused", tone: "trouble" },
  },
  { title: "Changes of lamps", unit: "per second", main: "changes_per_second" },
  {
    title: "NOTIFYs",
    unit: "per second",
    main: "notifies_per_second",
    second: { field: "failures_per_second", word: "failed", tone: "trouble" },
  },
  { title: "Sent again for want of an answer", unit: "per second", main: "repetitions_per_second" },
  {
    title: "From change to NOTIFY",
    unit: "ms",
    main: "told_after_ms",
    second: { field: "told_after_ms_p95", word: "slowest 5 %", tone: "slow" },
  },
  {
    title: "From NOTIFY to its answer",
    unit: "ms",
    main: "answered_after_ms",
    second: { field: "answered_after_ms_p95", word: "slowest 5 %", tone: "slow" },
  },
];

/** The section of all charts. */
export function Charts({ history }: { history: readonly HistoryRow[] }) {
  return (
    <section id="charts" aria-labelledby="charts-title">
      <h2 id="charts-title">
        Rates and latencies <span class="count">last hour</span>
      </h2>
      {history.length === 0
        ? <p class="empty">The first numbers come ten seconds after the start.</p>
        : (
          <ul class="charts">
            {charts.map((chart) => (
              <li key={chart.title}>
                <ChartCard chart={chart} history={history} />
              </li>
            ))}
          </ul>
        )}
    </section>
  );
}

function ChartCard(
  { chart: { title, unit, main, second }, history }: { chart: Chart; history: readonly HistoryRow[] },
) {
  const last = history.findLast((row) => row[main] !== null)?.[main] ?? null;
  const peak = peakOf(history, main);
  const worst = second === undefined ? 0 : peakOf(history, second.field);
  const top = Math.max(peak, worst);
  const [number, measure] = last === null ? ["–", "none yet"] : quantity(last, unit);
  const peakText = last === null ? "" : `at most ${quantity(peak, unit).join(" ")}`;
  const secondText = second === undefined || last === null ? "" : secondTextOf(second.word, worst, unit);
  const lastText = last === null ? measure : `${unit === "ms" ? "last" : "now"} ${number} ${measure}`;
  return (
    <>
      <h3>{title}</h3>
      <p class="reading">
        <b>{number}</b> {measure}
        <small>
          {peakText}
          {secondText !== "" && <span data-tone={worst > 0 ? second!.tone : undefined}>{secondText}</span>}
        </small>
      </p>
      <svg
        viewBox={`0 0 ${COLUMN_COUNT} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title} over the last hour: ${
          [lastText, peakText, secondText].filter((part) => part !== "").join(", ")
        }`}
      >
        <path class="chart-area" d={areaPath(columnsOf(history, main), top)} />
        {second !== undefined && (
          <path class="chart-line" data-tone={second.tone} d={linePath(columnsOf(history, second.field), top)} />
        )}
      </svg>
      <p class="chart-axis" aria-hidden="true">
        <span>1 h ago</span> <span>now</span>
      </p>
    </>
  );
}

function peakOf(history: readonly HistoryRow[], field: Field): number {
  return history.reduce((peak, row) => Math.max(peak, row[field] ?? 0), 0);
}

function secondTextOf(word: string, worst: number, unit: Chart["unit"]): string {
  if (worst === 0) return unit === "ms" ? "" : `none ${word}`;
  return `${word} up to ${unit === "ms" ? quantity(worst, unit).join(" ") : numberText(worst)}`;
}

/** The highest value of each column, the newest at the right; null where there is none. */
function columnsOf(history: readonly HistoryRow[], field: Field): (number | null)[] {
  const columns = new Array<number | null>(COLUMN_COUNT).fill(null);
  const perColumn = HOUR_COUNT / COLUMN_COUNT;
  for (const [i, row] of history.entries()) {
    const value = row[field];
    const column = COLUMN_COUNT - 1 - Math.floor((history.length - 1 - i) / perColumn);
    if (value !== null && column >= 0) columns[column] = Math.max(columns[column] ?? 0, value);
  }
  return columns;
}

/** Steps from column to column, down to the ground where there is nothing. */
function areaPath(columns: readonly (number | null)[], top: number): string {
  return runsOf(columns).map(({ start, values }) => `M${start} ${HEIGHT}${stepsText(values, top)}V${HEIGHT}z`).join("");
}

/** The same steps without ground. */
function linePath(columns: readonly (number | null)[], top: number): string {
  return runsOf(columns).map(({ start, values }) => `M${start} ${heightOf(values[0]!, top)}${stepsText(values, top)}`)
    .join("");
}

function stepsText(values: readonly number[], top: number): string {
  return values.map((value) => `V${heightOf(value, top)}h1`).join("");
}

/** Neighbouring columns that have something to show. */
function runsOf(columns: readonly (number | null)[]): { start: number; values: number[] }[] {
  const runs: { start: number; values: number[] }[] = [];
  let run: { start: number; values: number[] } | undefined;
  for (const [start, value] of columns.entries()) {
    if (value === null || value === 0) run = undefined;
    else if (run === undefined) runs.push(run = { start, values: [value] });
    else run.values.push(value);
  }
  return runs;
}

/** Where a value stands: never so low that it cannot be seen. */
function heightOf(value: number, top: number): number {
  return Math.round(Math.min(HEIGHT - 2.5, HEIGHT - (value / top) * (HEIGHT - 1.5)) * 10) / 10;
}

/** A number and its unit; many milliseconds are seconds. */
function quantity(value: number, unit: Chart["unit"]): [number: string, unit: string] {
  return unit === "ms" && value >= 1_000 ? [numberText(value / 1_000), "s"] : [numberText(value), unit];
}

function numberText(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toFixed(value < 1 ? 2 : 1)));
}
