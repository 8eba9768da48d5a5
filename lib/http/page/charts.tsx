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

/** One chart: a main line and a second one that tells of trouble, or of the slowest. */
interface Chart {
  readonly title: string;
  readonly main: Field;
  readonly second: Field;
  readonly secondWord: string;
  readonly unit: string;
}

const charts: readonly Chart[] = [
  {
    title: "Requests of phones",
    main: "requests_per_second",
    second: "refusals_per_second",
    secondWord: "refused",
    unit: "per second",
  },
  {
    title: "NOTIFYs",
    main: "notifies_per_second",
    second: "failures_per_second",
    secondWord: "failed",
    unit: "per second",
  },
  {
    title: "From change to NOTIFY",
    main: "told_after_ms",
    second: "told_after_ms_p95",
    secondWord: "slowest 5 %",
    unit: "ms",
  },
  {
    title: "From NOTIFY to its answer",
    main: "answered_after_ms",
    second: "answered_after_ms_p95",
    secondWord: "slowest 5 %",
    unit: "ms",
  },
];

/** The section of all charts. */
export function Charts({ history }: { history: readonly HistoryRow[] }) {
  return (
    <section id="charts" aria-labelledby="charts-title">
      <h2 id="charts-title">
        The last hour
      </h2>
      {history.length < 2 ? <p class="empty">Numbers come every ten seconds.</p> : (
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

function ChartCard({ chart, history }: { chart: Chart; history: readonly HistoryRow[] }) {
  const { title, main, second, secondWord, unit } = chart;
  const peak = (field: Field) => Math.max(...history.map((row) => row[field] ?? 0));
  const now = history.findLast((row) => row[main] !== null)?.[main] ?? 0;
  const worst = peak(second);
  const top = Math.max(peak(main), worst);
  return (
    <>
      <h3>{title}</h3>
      <p class="reading">
        <b>{numberText(now)}</b> {unit}
        <small>
          peak {numberText(peak(main))}, {secondWord} {worst === 0 ? "none" : `up to ${numberText(worst)}`}
        </small>
      </p>
      <svg
        viewBox={`0 0 ${COLUMN_COUNT} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title} over the last hour: now ${numberText(now)} ${unit}, at most ${numberText(peak(main))}`}
      >
        <path class="chart-area" d={areaPath(columnsOf(history, main), top)} />
        <path class="chart-second" d={linePath(columnsOf(history, second), top)} />
      </svg>
    </>
  );
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

function areaPath(columns: readonly (number | null)[], top: number): string {
  return columns.map((value, x) =>
    value === null || value === 0 ? "" : `M${x} ${HEIGHT}V${heightOf(value, top)}h1V${HEIGHT}z`
  ).join("");
}

function linePath(columns: readonly (number | null)[], top: number): string {
  return columns.map((value, x) => value === null || value === 0 ? "" : `M${x} ${heightOf(value, top)}h1`).join("");
}

/** Where a value stands: never so low that it cannot be seen. */
function heightOf(value: number, top: number): string {
  return Math.min(HEIGHT - 1.5, HEIGHT - (value / top) * (HEIGHT - 2)).toFixed(1);
}

function numberText(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(value < 1 ? 2 : 1);
}
