package realpart

// Accessible is an expression for a page: the list of what a checker would say first.
// Controls without a name, targets that are too small, contrast, headings, ids that are
// there twice, and whether the page scrolls sideways.
const Accessible = `(() => {
	const bad = [];
	for (const el of document.querySelectorAll('input, select, textarea')) if (!el.labels.length) bad.push('no label: ' + el.name);
	for (const el of document.querySelectorAll('a, button')) {
		if (!el.textContent.trim() && !el.getAttribute('aria-label')) bad.push('no name: ' + el.outerHTML);
		const box = el.getBoundingClientRect();
		if (el.matches('button') && box.width && (box.height < 24 || box.width < 24)) bad.push('too small: ' + el.outerHTML);
	}
	const ids = [...document.querySelectorAll('[id]')].map((el) => el.id);
	if (new Set(ids).size !== ids.length) bad.push('an id is there twice');
	if (document.querySelectorAll('h1').length !== 1) bad.push('not one h1');
	const rgb = (c) => c.match(/[\d.]+/g).map(Number);
	const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = (el) => { for (; el; el = el.parentElement) { const c = rgb(getComputedStyle(el).backgroundColor); if (c.length === 3) return c; } return [255, 255, 255]; };
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let node = texts.nextNode(); node; node = texts.nextNode()) {
		const el = node.parentElement, style = getComputedStyle(el);
		if (!node.data.trim() || !el.checkVisibility() || el.closest('.unseen, .skip, noscript')) continue;
		const [a, b] = [light(rgb(style.color)), light(ground(el))];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		const large = parseFloat(style.fontSize) >= 24;
		if (ratio < (large ? 3 : 4.5)) bad.push('contrast ' + ratio.toFixed(2) + ': ' + node.data.trim());
	}
	if (document.documentElement.scrollWidth > innerWidth) bad.push('scrolls sideways: ' + document.documentElement.scrollWidth + ' of ' + innerWidth);
	return bad;
})()`
