// Draws every chart from the data beside it; says in `data-charts` on the root element when all are done.
const settings = {mode: "vega-lite", actions: false, renderer: "svg", ast: true};
const drawings = [...document.querySelectorAll(".chart")].map((place) => {
  const specification = JSON.parse(document.getElementById(`${place.id}-data`).textContent);
  return window.vegaEmbed(place, specification, settings).catch((problem) => {
    console.error(`${place.id}: ${problem}`);
    place.textContent = place.getAttribute("aria-label");
  });
});
Promise.all(drawings).then(() => { document.documentElement.dataset.charts = drawings.length; });

// Folded tables are printed open.
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  opened.forEach((one) => { one.open = true; });
});
window.addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
