// The text of the article whose contrast with what is behind it is below WCAG 2.1 AA.
() => {
  const parse = (color) => (color.match(/[\d.]+/g) || []).map(Number);
  const alpha = (color) => (color.length > 3 ? color[3] : 1);
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * alpha(top) + below[i] * (1 - alpha(top)));
  const luminance = (color) =>
    color
      .map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const color = parse(getComputedStyle(element).backgroundColor);
    return alpha(color) >= 1 ? color : over(color, behind(element.parentElement));
  };

  const bad = new Set();
  const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || element.closest(".katex-mathml, .headerlink, script, style, button")) continue;
    const style = getComputedStyle(element);
    if (style.visibility === "hidden" || !element.getClientRects().length) continue;
    const back = behind(element);
    const front = over(parse(style.color), back);
    const [high, low] = [luminance(front), luminance(back)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) {
      bad.add(`${ratio.toFixed(2)} <${element.tagName} class="${element.className}"> ${text.slice(0, 40)}`);
    }
  }
  return [...bad];
};
