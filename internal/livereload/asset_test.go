package livereload_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/realtimectl/realtimectl/internal/livereload"
	"github.com/realtimectl/realtimectl/internal/realpart"
)

// svg is an image that is n pixels wide and high.
func svg(n int) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"><symbol id="s"><circle r="%d"/></symbol><rect width="%d" height="%d" fill="red"/></svg>`, n, n, n, n, n)
}

func TestImagesAreSwappedWhereverTheyAreShown(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><link rel=icon href="/i.svg"><link rel=stylesheet href="/css/a.css"><style>#style{background:url(/i.svg)}</style></head><body>
<img id=plain src="/i.svg"><img id=set srcset="/other.svg 1w, /i.svg 900w" sizes="100vw"><picture><source id=source srcset="i.svg"><img id=picture src="/other.svg"></picture>
<div id=inline style="background:red url(i.svg) no-repeat!important">x</div><div id=linked>x</div><div id=nested>x</div><div id=style>x</div><div id=adopted>x</div>
<svg><use id=use href="/i.svg#s"></use><image id=image href="/i.svg"/></svg><object id=object data="/i.svg" type="image/svg+xml"></object>
<video id=video poster="/i.svg"></video><input id=input type=image src="/i.svg"><img id=untouched src="/other.svg">
<script>const sheet = new CSSStyleSheet(); sheet.replaceSync('#adopted{background:url(/i.svg)}'); document.adoptedStyleSheets = [sheet]</script>`,
		"css/a.css": `#linked{background:url("../i.svg")} @media screen{#nested{border-image:url(../i.svg) 1}}`,
		"i.svg":     svg(10),
		"other.svg": svg(7),
	})
	b := open(t, s.url)
	b.until("plain.naturalWidth === 10 && set.currentSrc.endsWith('i.svg') && picture.naturalWidth === 10")
	b.mark()
	s.save(1, "i.svg", svg(20))
	b.until("plain.naturalWidth === 20 && set.currentSrc.includes('i.svg?__rt=') && picture.naturalWidth === 20 && input.offsetWidth === 20")
	style := func(id, property string) string { return "getComputedStyle(" + id + ")." + property }
	for _, shown := range []string{
		style("inline", "backgroundImage"), style("linked", "backgroundImage"), style("nested", "borderImageSource"),
		style("style", "backgroundImage"), style("adopted", "backgroundImage"), "use.href.baseVal", "image.href.baseVal", "object.data", "video.poster",
		"document.querySelector('link[rel=icon]').href", "source.srcset", "set.srcset",
	} {
		b.until(shown + ".includes('i.svg?__rt=')")
	}
	if got := eval[string](b, "inline.style.getPropertyPriority('background-image') + untouched.getAttribute('src') + set.srcset.split(',')[0]"); got != "important/other.svg/other.svg 1w" {
		t.Errorf("got %q", got)
	}
	s.save(1, "i.svg", svg(30))
	b.until("plain.naturalWidth === 30")
	b.notReloaded()
}

func TestImageThatOnlyAScriptKnowsNeedsAReload(t *testing.T) {
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head></head><canvas></canvas><script>const i = new Image(); i.onload = () => window.width = i.width; i.src = '/i.svg'</script>`,
		"i.svg":      svg(10),
	})
	b := open(t, s.url)
	b.until("window.width === 10")
	b.mark()
	s.save(1, "i.svg", svg(20))
	b.reloaded()
	b.until("window.width === 20")
}

func TestFontsAreSwapped(t *testing.T) {
	fonts, err := filepath.Glob("/usr/share/fonts/truetype/*/*.ttf")
	if err != nil || len(fonts) < 2 {
		realpart.Missing(t, "a second TrueType font")
	}
	read := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	s := serve(t, livereload.Options{}, map[string]string{
		"index.html": `<!doctype html><head><style>@font-face{font-family:own;src:url("/own.ttf") format("truetype")} p{font-family:own;font-weight:400}</style></head><p>text`,
		"own.ttf":    read(fonts[0]),
	})
	b := open(t, s.url)
	b.until("document.fonts.size === 1 && [...document.fonts][0].status === 'loaded'")
	b.mark()
	s.save(1, "own.ttf", read(fonts[len(fonts)-1]))
	b.until(`document.styleSheets[0].cssRules[0].cssText.includes('own.ttf?__rt=') && [...document.fonts][0].status === 'loaded'`)
	b.until(`performance.getEntriesByType('resource').some((e) => e.name.includes('own.ttf?__rt='))`)
	b.notReloaded()
}
