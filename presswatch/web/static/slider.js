// Shows the day that the slider points at; without it the form works the same.
"use strict";
const slider = document.getElementById("days_ago");
const shown = document.getElementById("days-shown");
if (slider && shown) {
  const now = new Date(shown.dataset.now);
  const show = () => {
    const day = new Date(now - slider.value * 86400000);
    shown.textContent = slider.value === "0" ? "" : `${slider.value}: ${day.toLocaleDateString("sv", { timeZone: shown.dataset.zone })}`;
  };
  slider.addEventListener("input", show);
  show();
}
