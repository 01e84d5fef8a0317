"use strict";
// Puts the parts of the page in place as the server sends them. Without it the page is the same, and
// is loaded again now and then.
(() => {
  const live = document.getElementById("live");
  const parts = [...document.querySelectorAll("[data-part]")];
  let focus = "";

  // Shows the links of the server under the pointer.
  const mark = () => {
    const svg = document.querySelector("[data-part=graph] svg");
    if (!svg) return;
    svg.classList.toggle("focused", focus !== "");
    const near = new Set([focus]);
    for (const link of svg.querySelectorAll("path")) {
      const { from, to } = link.dataset;
      const its = from === focus || to === focus;
      link.classList.toggle("near", its);
      if (its) { near.add(from); near.add(to); }
    }
    for (const node of svg.querySelectorAll("[data-node]")) {
      node.classList.toggle("near", near.has(node.dataset.node));
    }
  };
  document.addEventListener("pointerover", (event) => {
    const node = event.target.closest("[data-node]");
    const name = node ? node.dataset.node : "";
    if (name !== focus) { focus = name; mark(); }
  });

  const say = (state, text) => { live.className = state; live.textContent = text; };
  const listen = () => {
    const source = new EventSource("/events");
    for (const part of parts) {
      source.addEventListener(part.dataset.part, (event) => {
        part.innerHTML = event.data;
        say("on", "live");
        mark();
      });
    }
    source.addEventListener("error", () => {
      say("off", "no answer");
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
    });
  };
  listen();
})();
