// The board in the hero: the planchette glides from letter to letter and spells the first word of each
// phrase; the word appears in the sentence as it is spelled. Rests while paused, out of sight, in a
// background tab, and for people who prefer reduced motion.
const glide = 620; // milliseconds from letter to letter; the style sheet's transition is a little shorter
const hold = 3400; // long enough to read the longest phrase twice

export function startBoard(board, list, button) {
  const planchette = board.querySelector("#planchette-at");
  const letters = new Map([...board.querySelectorAll("[data-letter]")].map((text) => [text.dataset.letter, text]));
  const phrases = [...list.children];
  const words = phrases.map((phrase) => split(phrase.querySelector("b")));
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  let current = 0;
  let step = words[0].length; // the first phrase is on the page already, spelled out
  let paused = false;
  let visible = true;
  let timer;

  function split(word) {
    const spans = [...word.textContent].map((letter) => {
      const span = document.createElement("span");
      span.textContent = letter;
      return span;
    });
    word.replaceChildren(...spans);
    return spans;
  }

  function moveTo(letter) {
    const text = letters.get(letter.toUpperCase());
    const { e: x, f: y } = text.transform.baseVal.getItem(0).matrix;
    for (const other of letters.values()) other.classList.toggle("lit", other === text);
    planchette.style.transform = `translate(${x}px, ${y}px) rotate(${((x - 320) / 320) * 14}deg)`;
  }

  function present(index) {
    current = index;
    step = 0;
    for (const [i, phrase] of phrases.entries()) phrase.classList.toggle("current", i === index);
    phrases[index].classList.remove("spelled");
    for (const span of words[index]) span.classList.remove("spelled");
  }

  function tick() {
    const word = words[current];
    if (step < word.length) {
      const span = word[step++];
      moveTo(span.textContent);
      span.classList.add("spelled");
      if (step === word.length) phrases[current].classList.add("spelled");
      timer = setTimeout(tick, step === word.length ? hold : glide);
    } else {
      present((current + 1) % phrases.length);
      timer = setTimeout(tick, 300);
    }
  }

  function update() {
    clearTimeout(timer);
    button.hidden = still.matches;
    if (still.matches || paused || !visible || document.hidden) {
      for (const span of words[current]) span.classList.add("spelled");
      phrases[current].classList.add("spelled");
      if (step < words[current].length) moveTo(words[current].at(-1).textContent);
      step = words[current].length;
      return;
    }
    timer = setTimeout(tick, hold);
  }

  button.addEventListener("click", () => {
    paused = !paused;
    button.dataset.paused = paused;
    button.querySelector("span").textContent = paused ? "Let it move" : "Hold still";
    update();
  });
  still.addEventListener("change", update);
  document.addEventListener("visibilitychange", update);
  new IntersectionObserver(([entry]) => {
    if (entry.isIntersecting === visible) return;
    visible = entry.isIntersecting;
    update();
  }).observe(board);

  phrases[0].classList.add("current", "spelled");
  for (const span of words[0]) span.classList.add("spelled");
  moveTo(words[0].at(-1).textContent);
  update();
}
