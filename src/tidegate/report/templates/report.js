// Draws every chart from the data beside it; says in `data-charts` on the root element when all are done.
const settings = {mode: "vega-lite", actions: false, renderer: "svg", ast: true};
const folded = [...document.querySelectorAll("details:not([open])")].filter((one) => one.querySelector(".chart"));
folded.forEach((one) => { one.open = true; }); // a chart is as wide as its place, which has no width while it is folded
const drawings = [...document.querySelectorAll(".chart")].map((place) => {
  const specification = JSON.parse(document.getElementById(`${place.id}-data`).textContent);
  return window.vegaEmbed(place, specification, settings).catch((problem) => {
    console.error(`${place.id}: ${problem}`);
    place.textContent = place.getAttribute("aria-label");
  });
});
Promise.all(drawings).then(() => {
  folded.forEach((one) => {
    one.open = false;
    one.addEventListener("toggle", () => one.open && window.dispatchEvent(new Event("resize")));
  });
  document.documentElement.dataset.charts = drawings.length;
});

// What is folded is printed open.
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  opened.forEach((one) => { one.open = true; });
});
window.addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
