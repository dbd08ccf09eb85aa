import plotStyle from "uplot/dist/uPlot.min.css";

export { plotStyle };
