import uPlot from "uplot";
import type { TrainingCurves } from "../training-record.ts";
import { axisTexts, chart, logarithmicSplits, verticalLine, type ChartLook } from "./chart.ts";
import { element } from "./element.ts";
import { capital, metricText, percent, short } from "./numbers.ts";
import { plotStyle } from "./plot-style.ts";
import type { Theme } from "./theme.ts";

const height = 240;

/** How a training went: loss, metric, learning rate and restless integer weights over the steps, with what happened in between. */
export function trainingView(training: TrainingCurves, theme: Theme): HTMLElement {
  const { epochs, steps, marks, metric } = training;
  const isShare = metric !== null && metric !== "mse";
  const card = (title: string, note: string, drawn: HTMLElement): HTMLElement =>
    element("div", { class: "card" }, element("h2", {}, title), drawn, element("p", { class: "soft small" }, note));
  const cards = [
    ...(steps.length + epochs.length === 0
      ? []
      : [card("Loss", "Line: mean over some steps; points: mean over each epoch.", lossChart(training, theme))]),
    ...(epochs.some(({ validation }) => validation !== null)
      ? [
          card(
            capital(metric ?? "validation"),
            "After each epoch, of the model as it would be deployed then.",
            epochChart(training, theme, {
              label: metric ?? "validation",
              of: ({ validation }) => validation,
              texts: (splits) => (isShare ? axisTexts(splits, 100, " %") : axisTexts(splits)),
            }),
          ),
        ]
      : []),
    ...(steps.length === 0 ? [] : [card("Learning rate", "Of each step.", rateChart(training, theme))]),
    ...(epochs.some(({ changedCodes }) => changedCodes !== null)
      ? [
          card(
            "Changed integer weights",
            "Share of the integer weights that are another code after the epoch than before it. It should fall with the learning rate; weights that swing between two codes keep it up.",
            epochChart(training, theme, {
              label: "changed",
              of: ({ changedCodes }) => changedCodes,
              texts: (splits) => axisTexts(splits, 100, " %"),
            }),
          ),
        ]
      : []),
  ];
  return element(
    "div",
    {},
    element("style", {}, plotStyle),
    ...(marks.length === 0 ? [] : [eventsCard(training)]),
    element("div", { class: "pair" }, ...cards),
    ...(epochs.length === 0 ? [] : [epochsCard(training)]),
  );
}

/** Lines across a chart where something happened, numbered as in the list of events. */
function markLines({ marks }: TrainingCurves, { colour }: ChartLook): (plot: uPlot) => void {
  return (plot) => {
    const { ctx, bbox } = plot;
    marks.forEach(({ step }, index) => {
      verticalLine(plot, step, { colour: colour("grid-mark"), width: 1.5, dash: [5, 4] });
      ctx.save();
      ctx.fillStyle = colour("ink");
      ctx.textAlign = "left";
      ctx.font = `${11 * uPlot.pxRatio}px system-ui, sans-serif`;
      ctx.fillText(
        String(index + 1),
        plot.valToPos(step, "x", true) + 4 * uPlot.pxRatio,
        bbox.top + 11 * uPlot.pxRatio,
      );
      ctx.restore();
    });
  };
}

function xScale({ steps, epochs, plannedSteps }: TrainingCurves): uPlot.Scale {
  const last = Math.max(plannedSteps ?? 0, steps.at(-1)?.step ?? 0, epochs.at(-1)?.step ?? 0, 1);
  return { time: false, range: [0, last] };
}

function lossChart(training: TrainingCurves, theme: Theme): HTMLElement {
  const { steps, epochs } = training;
  const means = new Map(epochs.map(({ step, loss }) => [step, loss]));
  const xs = [...new Set([...steps.map(({ step }) => step), ...means.keys()])].toSorted((a, b) => a - b);
  const losses = new Map(steps.map(({ step, loss }) => [step, loss]));
  const positive = [...losses.values(), ...means.values()].every((loss) => loss > 0);
  return chart(theme, "loss over the steps", height, (look) => ({
    data: [xs, xs.map((x) => losses.get(x) ?? null), xs.map((x) => means.get(x) ?? null)],
    options: {
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: xScale(training),
        y: positive ? { distr: 3, range: (_, low, high) => [low / 1.15, high * 1.15] } : {},
      },
      axes: [
        look.axis("step"),
        positive
          ? look.axis("loss, logarithmic", {
              size: 62,
              splits: (_, __, low, high) => logarithmicSplits(low, high),
              filter: (_, splits) => [...splits],
              values: (_, splits) => splits.map(short),
            })
          : look.axis("loss", { size: 62, values: (_, splits) => axisTexts(splits) }),
      ],
      series: [
        {},
        { stroke: look.colour("bar"), width: 1.5, spanGaps: true, points: { show: false } },
        {
          paths: () => null,
          points: { show: true, size: 8, fill: look.colour("grid-mark"), stroke: look.colour("grid-mark") },
        },
      ],
      hooks: { draw: [markLines(training, look)] },
    },
  }));
}

function rateChart(training: TrainingCurves, theme: Theme): HTMLElement {
  const { steps } = training;
  return chart(theme, "learning rate over the steps", height, (look) => ({
    data: [steps.map(({ step }) => step), steps.map(({ learningRate }) => learningRate)],
    options: {
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: xScale(training),
        y: { range: [0, 1.1 * Math.max(...steps.map(({ learningRate }) => learningRate), 1e-12)] },
      },
      axes: [look.axis("step"), look.axis("learning rate", { size: 76, values: (_, splits) => axisTexts(splits) })],
      series: [{}, { stroke: look.colour("bar"), width: 2, points: { show: steps.length < 3 } }],
      hooks: { draw: [markLines(training, look)] },
    },
  }));
}

/** A number per epoch. */
interface EpochCurve {
  readonly label: string;
  readonly of: (epoch: TrainingCurves["epochs"][number]) => number | null;
  readonly texts: (splits: readonly number[]) => string[];
}

function epochChart(training: TrainingCurves, theme: Theme, { label, of, texts }: EpochCurve): HTMLElement {
  const { epochs, kept } = training;
  return chart(theme, `${label} after each epoch`, height, (look) => ({
    data: [
      epochs.map(({ step }) => step),
      epochs.map(of),
      epochs.map((each) => (each.epoch === kept ? of(each) : null)),
    ],
    options: {
      cursor: { show: false },
      legend: { show: false },
      scales: { x: xScale(training) },
      axes: [look.axis("step"), look.axis(label, { size: 76, values: (_, splits) => texts(splits) })],
      series: [
        {},
        {
          stroke: look.colour("bar"),
          width: 2,
          spanGaps: true,
          points: { show: true, size: 7, fill: look.colour("bar") },
        },
        {
          paths: () => null,
          points: { show: true, size: 13, width: 2.5, stroke: look.colour("grid-mark"), fill: "transparent" },
        },
      ],
      hooks: { draw: [markLines(training, look)] },
    },
  }));
}

function eventsCard({ marks }: TrainingCurves): HTMLElement {
  const rows = marks.map(({ epoch, text }) => element("li", {}, `from epoch ${epoch}: ${text}`));
  return element("div", { class: "card" }, element("h2", {}, "What happened"), element("ol", {}, ...rows));
}

function epochsCard({ epochs, metric, kept }: TrainingCurves): HTMLElement {
  const hasMetric = epochs.some(({ validation }) => validation !== null);
  const hasCodes = epochs.some(({ changedCodes }) => changedCodes !== null);
  const titles = [
    "epoch",
    "steps so far",
    "loss",
    ...(hasMetric ? [metric ?? "validation"] : []),
    ...(hasCodes ? ["changed codes"] : []),
    "seconds",
  ];
  const rows = epochs.map(({ epoch, step, loss, validation, changedCodes, seconds }) => {
    const cells = [
      `${epoch}${epoch === kept ? " (kept)" : ""}`,
      step.toLocaleString("en"),
      loss.toFixed(4),
      ...(hasMetric ? [metricText(validation, metric)] : []),
      ...(hasCodes ? [changedCodes === null ? "" : percent(changedCodes)] : []),
      seconds.toFixed(1),
    ];
    return element("tr", {}, ...cells.map((cell) => element("td", { class: "number" }, cell)));
  });
  const heads = titles.map((title) => element("th", { class: "number" }, title));
  return element(
    "div",
    { class: "card plain" },
    element("h2", {}, "Epochs"),
    element(
      "div",
      { class: "scroll" },
      element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows)),
    ),
  );
}
