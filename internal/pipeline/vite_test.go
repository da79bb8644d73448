package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAliasesOfViteAreReadWhereTheyAreWrittenOut(t *testing.T) {
	for _, tt := range []struct {
		config string
		want   map[string]string
	}{
		{"export default { resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } } }", map[string]string{"@": "./src"}},
		{"export default { resolve: { alias: { '@': path.resolve(__dirname, './src'), '~assets': resolve(__dirname, 'src/assets') } } }", map[string]string{"@": "./src", "~assets": "./src/assets"}},
		{"export default { resolve: { alias: { '@/': '/src/', lib: './lib' } } }", map[string]string{"@": "./src", "lib": "./lib"}},
		{"export default { resolve: { alias: [{ find: '@', replacement: path.resolve(__dirname, 'src') }] } }", map[string]string{"@": "./src"}},
		{"export default { resolve: { alias: { '@': '../elsewhere' } } }", map[string]string{}},
		{"export default {}", nil},
	} {
		l, err := Detect(project(t, map[string]string{"index.html": "<!doctype html>", "vite.config.js": tt.config}))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, l.alias); diff != "" {
			t.Errorf("%s: aliases (-want +got):\n%s", tt.config, diff)
		}
	}
}
